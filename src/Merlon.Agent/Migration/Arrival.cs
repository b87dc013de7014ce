using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;

namespace Merlon.Agent.Migration;

/// <summary>What rules for a VM that starts here: the newest of the controller's policy, the disk's and the one inside it.</summary>
internal sealed class Arrival(PolicyKeeper policy, CarriedPolicies carried, VmPapers papers)
{
    /// <param name="text">Of urn:merlon:policy:1; null = none.</param>
    /// <param name="answered">The controller knows of this VM, and what it has to say is in force: that is the newest.</param>
    /// <remarks>Throws <see cref="KernelFault"/> when what rules cannot be put into force.</remarks>
    public void Consider(Guest guest, string? text, bool answered)
    {
        if (answered) return;
        var inside = text is null ? null : papers.Read(guest.Uuid, text);
        var held = carried.Verified(guest.Uuid, out var why);
        if (inside?.Document is { } document && !IsOlder(document, held)) policy.Change(guest.Uuid, () => carried.Adopt(document, inside.Signed));
        else if (held is null) WithoutDocument(guest, inside?.Refused ?? why);
    }

    private bool IsOlder(VmDocument document, VmDocument? held) =>
        (policy.Names(document.VmUuid) && (document.Installation != papers.Installation() || document.Sequence <= policy.BaseSequence))
        || (held is not null && held.Installation == document.Installation && held.Sequence >= document.Sequence);

    // What does not count is as good as nothing where this host knows a policy for the VM, and default deny where it knows none.
    private void WithoutDocument(Guest guest, string? why)
    {
        if (!policy.Names(guest.Uuid))
        {
            if (why is not null) policy.Change(guest.Uuid, () => carried.Deny(guest, why));
        }
        else if (carried.Has(guest.Uuid)) policy.Change(guest.Uuid, () => carried.Drop(guest.Uuid));
    }
}
