using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Addresses that both revisions treat alike.</summary>
/// <param name="Owned">A vNIC's, in one of the two at least.</param>
/// <param name="Sends">It can be a source: no group, broadcast or loopback address.</param>
/// <param name="Group">A multicast address.</param>
internal readonly record struct EndClass(EndView Before, EndView After, bool Owned, bool Sends, bool Group)
{
    public (int Before, bool BeforeObserved, int After, bool AfterObserved) Out => (Before.Out, Before.Observed, After.Out, After.Observed);

    public (int Before, bool BeforeObserved, int After, bool AfterObserved) In => (Before.In, Before.Observed, After.In, After.Observed);

    /// <summary>Something passes it without a connection.</summary>
    public bool Lists => Before.Untracked is { IsNone: false } || After.Untracked is { IsNone: false };

    /// <summary>What passes without a connection may be something else than before.</summary>
    public bool TracksOtherwise => (Before.Untracked ?? UntrackedPorts.None) != (After.Untracked ?? UntrackedPorts.None) || Before.Segment != After.Segment;

    public (int Before, int After) Remote => (Before.Remote, After.Remote);
}
