using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Everything that policy can tell of one address in one revision.</summary>
/// <param name="Out">Ruleset that judges what it sends; -1 = nobody does.</param>
/// <param name="In">Ruleset that judges what it receives; -1 = nobody does.</param>
/// <param name="Remote">Its class where it is the other end.</param>
/// <param name="Observed">Its Guard only observes.</param>
/// <param name="Untracked">What it lets pass without a connection; null where no vNIC of the revision lets anything pass so.</param>
/// <param name="Segment">Who sees it at its own MAC, if it is guarded; null likewise.</param>
internal readonly record struct EndView(int Out, int In, int Remote, bool Observed, UntrackedPorts? Untracked = null, string? Segment = null)
{
    /// <summary>What the ends are to a TCP packet that needs no connection.</summary>
    public static (UntrackedRole From, UntrackedRole To) Roles(in EndView from, in EndView to, int sourcePort, int destinationPort) => UntrackedRoles.Agreed(
        from.Untracked?.Role(sourcePort, destinationPort) ?? default, to.Untracked?.Role(destinationPort, sourcePort) ?? default,
        from.Segment is not null && from.Segment == to.Segment);

    public bool IsJudged => Out >= 0 || In >= 0;
}
