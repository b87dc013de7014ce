using System.Globalization;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>An entry as a row states it: <c>half new 30s 1/0</c>, <c>conn established 12h 2/1 scaled liberal</c>: table, state, time left if no
/// packet comes, packets of the opener and of the answerer, flags.</summary>
/// <param name="Left">At most this, and at most <see cref="Slack"/> less: the row itself takes time.</param>
internal sealed record EntryText(bool Half, ConnState State, TimeSpan Left, ulong Out, ulong Back, ConnFlags Flags, bool Adopted)
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);

    private static readonly (string Word, ConnFlags Flag)[] s_flags =
        [("fin-a", ConnFlags.FinA), ("fin-b", ConnFlags.FinB), ("scaled", ConnFlags.ScaleOk), ("liberal", ConnFlags.Liberal), ("revoked", ConnFlags.Revoked)];

    private static readonly ConnFlags s_stated = s_flags.Aggregate(ConnFlags.None, (all, f) => all | f.Flag);

    public static EntryText Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 4 || words[0] is not ("half" or "conn") || words[3].Split('/') is not [var sent, var answered])
            throw new FormatException($"'{text}' is not half|conn STATE TIME OUT/BACK [FLAGS]");
        var state = Enum.GetValues<ConnState>().Where(s => s.Text() == words[1]).Cast<ConnState?>().FirstOrDefault() ?? throw new FormatException($"'{words[1]}' is no state");
        var flags = ConnFlags.None;
        foreach (var word in words[4..].Where(w => w != "adopted"))
            flags |= s_flags.FirstOrDefault(f => f.Word == word) is { Flag: not ConnFlags.None } known ? known.Flag : throw new FormatException($"'{word}' is no flag");
        return new(words[0] == "half", state, Numbers.Time(words[2]), Numbers.Word(sent), Numbers.Word(answered), flags, words.Skip(4).Contains("adopted"));
    }

    public static EntryText Of(ConnectionEntry e) =>
        new(e.HalfOpen, e.State, TimeSpan.FromSeconds(Math.Ceiling(e.Remaining.TotalSeconds)), e.PacketsOut, e.PacketsBack, e.Flags & s_stated, e.Adopted);

    public bool Is(EntryText actual) => this with { Left = default } == actual with { Left = default } && actual.Left <= Left && actual.Left >= Left - Slack;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Half ? "half" : "conn")} {State.Text()} {Left.TotalSeconds}s {Out}/{Back}{string.Concat(s_flags.Where(f => Flags.HasFlag(f.Flag)).Select(f => " " + f.Word))}{(Adopted ? " adopted" : "")}");
}
