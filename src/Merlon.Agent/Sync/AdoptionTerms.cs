using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>Which vNICs may take in connections that ran before they were guarded, should their Guard say so.</summary>
/// <param name="Boot">This boot of the host.</param>
/// <param name="NowNs">Boot clock.</param>
/// <param name="Interfaces">Of the VMs that run here, as the host is now.</param>
/// <param name="Ran">Its VM runs, and did so before anybody wanted the vNIC of this interface guarded: it is not being started, nor has it just come.</param>
internal sealed record AdoptionTerms(string Boot, ulong NowNs, IReadOnlyDictionary<NicKey, int> Interfaces, Func<NicKey, int, bool> Ran)
{
    public static AdoptionTerms None { get; } = new("", 0, ImmutableDictionary<NicKey, int>.Empty, (_, _) => false);

    /// <summary>For a vNIC that no book of this host has known.</summary>
    public BookAdoption? Begin(NicKey key, int seconds) => seconds > 0 && Interfaces.TryGetValue(key, out var ifindex) && Ran(key, ifindex)
        ? new(Boot, NowNs + (ulong)seconds * 1_000_000_000, ifindex)
        : null;

    /// <summary>What an earlier plan began, as long as the Guard still says so and its VM is where it was. Another number of seconds moves no end.</summary>
    public BookAdoption? GoOn(BookAdoption? begun, NicKey key, int seconds) =>
        seconds > 0 && begun?.Boot == Boot && begun.UntilNs > NowNs && Interfaces.TryGetValue(key, out var ifindex) && ifindex == begun.Ifindex ? begun : null;
}
