using System.Globalization;
using System.Text.RegularExpressions;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Attach;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>One guarded cable for all rows that need Debian 12's own kernel: there it takes ten seconds to load the program.
/// A row leaves it as it found it. Anywhere else each row fails: a row that did not run in that guest proves nothing.</summary>
public sealed partial class OldKernelCable : IDisposable
{
    /// <summary>Trait of the rows; the kernel suite leaves them out.</summary>
    public const string Trait = "kernel", Value = "6.1";

    private Dictionary<Reason, ulong> _drops = [];

    public OldKernelCable()
    {
        if (Needs.Kernel != new Version(6, 1))
            throw new InvalidOperationException($"this is Linux {Needs.Release}: these rows run on Debian 12's own 6.1, ./dev kernel61");
        Cable = new() { Patience = TimeSpan.FromSeconds(2) };
        Assert.Equal(AttachKind.Clsact, Cable.Attacher.Kind);
        // The guests know each other's MAC for good: no row's packets wait for an answer that an earlier row's bridge did not let through.
        Know(Web, Db);
        Know(Db, Web);
        Assert.Equal(20, Cable.Delivered(7789));
    }

    public Cable Cable { get; }

    public Guest Web => Cable.Web;

    public Guest Db => Cable.Db;

    /// <summary>Runs a command in the host's network namespace.</summary>
    public string OnHost(params string[] command) => Shell.Run("nsenter", [$"--net={Cable.Host.Path}", .. command]).Ok();

    /// <summary>Runs a command in a guest's network namespace.</summary>
    public static string In(Guest guest, params string[] command) => guest.Run(command).Ok();

    /// <summary>From here on <see cref="NewDrops"/> counts.</summary>
    public void Mark() => _drops = Cable.World.Losses();

    /// <summary>Drops since the mark, by reason. Flooded copies for another MAC are no loss.</summary>
    public IReadOnlyDictionary<Reason, ulong> NewDrops() => Cable.World.Losses()
        .Select(d => KeyValuePair.Create(d.Key, d.Value - _drops.GetValueOrDefault(d.Key)))
        .Where(d => d.Value > 0).ToDictionary();

    /// <summary>The first number after a word in a text of tc or nft.</summary>
    public static long NumberAfter(string text, string word)
    {
        var at = text.IndexOf(word, StringComparison.Ordinal);
        return at < 0 ? throw new InvalidOperationException($"no '{word}' in: {text}")
            : long.Parse(Digits().Match(text, at + word.Length).Value, CultureInfo.InvariantCulture);
    }

    private static void Know(Guest guest, Guest peer) => Array.ForEach([peer.Ip4, peer.Ip6], address =>
        guest.Namespace.Ip("neigh", "replace", address.ToString(), "lladdr", peer.Mac, "dev", "eth0", "nud", "permanent"));

    public void Dispose() => Cable.Dispose();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
