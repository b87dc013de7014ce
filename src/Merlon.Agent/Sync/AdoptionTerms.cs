using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>Which vNICs may take in connections that ran before they were guarded, should their Guard say so.</summary>
/// <param name="Boot">This boot of the host.</param>
/// <param name="NowNs">Boot clock.</param>
/// <param name="Ran">Its VM runs, and did so before anybody wanted the vNIC guarded: it is not being started, nor has it just come.</param>
internal sealed record AdoptionTerms(string Boot, ulong NowNs, Func<NicKey, bool> Ran)
{
    public static AdoptionTerms None { get; } = new("", 0, _ => false);

    /// <summary>For a vNIC that no book of this host has known.</summary>
    public BookAdoption? Begin(NicKey key, int seconds) => seconds > 0 && Ran(key) ? new(Boot, NowNs + (ulong)seconds * 1_000_000_000) : null;

    /// <summary>What an earlier plan began, as long as the Guard still says so. Another number of seconds moves no end.</summary>
    public BookAdoption? GoOn(BookAdoption? begun, int seconds) => seconds > 0 && begun?.Boot == Boot && begun.UntilNs > NowNs ? begun : null;
}
