using Merlon.Agent.Guests;
using Merlon.Agent.Sync;

namespace Merlon.Agent.Migration;

/// <summary>What rules for a VM that starts here with a policy inside it: the newest of the controller's, the disk's and its own.</summary>
internal sealed class Arrival(PolicyKeeper policy, CarriedPolicies carried, VmPapers papers)
{
    /// <param name="text">Of urn:merlon:policy:1; null = none.</param>
    /// <param name="answered">The controller knows of this VM and has said all it has to say: that is the newest.</param>
    /// <remarks>Throws <see cref="KernelFault"/> when what rules cannot be put into force.</remarks>
    public void Consider(Guest guest, string? text, bool answered)
    {
        if (text is null || answered) return;
        var inside = papers.Read(guest.Uuid, text);
        var named = policy.Names(guest.Uuid);
        if (inside.Document is { } document)
        {
            var older = (named && (document.Installation != papers.Installation() || document.Sequence <= policy.BaseSequence))
                || carried.IsNotOlder(document);
            if (!older) policy.Change(() => carried.Adopt(document, inside.Signed));
        }
        // What does not count changes nothing for a VM that this host knows a policy for.
        else if (!named && !carried.Has(guest.Uuid)) policy.Change(() => carried.Deny(guest, inside.Refused!));
    }
}
