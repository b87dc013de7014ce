using Merlon.Agent.Guests;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>An interface that must carry the program.</summary>
/// <param name="Plan">Null = attached by hand and in no policy yet: stays closed; or <paramref name="Kept"/>.</param>
/// <param name="Kept">The kernel's own record, left as it is: there is no readable policy to say otherwise.</param>
/// <param name="Domain">As in <see cref="HostLink"/>.</param>
internal sealed record WantedPort(int Ifindex, string Ifname, NicPlan? Plan, PortRecord? Kept = null, uint Domain = 0, int Mtu = 0)
{
    // Out of every image's range: even an opened port with this slot would drop.
    private const ushort NoSlot = ushort.MaxValue;

    /// <summary>Boot clock: until then it takes in connections that ran before; 0 = it does not.</summary>
    public ulong AdoptUntilNs => Plan?.Adoption is { } adoption && adoption.Ifindex == Ifindex ? adoption.UntilNs : 0;

    /// <summary>The record as it is to be once open.</summary>
    public PortRecord Record(uint incarnation)
    {
        if (Kept is { } kept) return kept;
        if (Plan is not { } plan) return new() { Incarnation = incarnation, Slot = NoSlot, Flags = PortFlags.Closed };
        var record = PortRecord.Of(plan.Mac, plan.Guard);
        return record with
        {
            Vnic = plan.Vnic,
            Incarnation = incarnation,
            Slot = plan.Slot,
            Segment = plan.Segment,
            Realm = plan.Realm,
            Vm = plan.Budget,
            Flags = record.Flags | (plan.Guard.OnFailure == OnFailure.Open ? PortFlags.FailOpen : PortFlags.None),
        };
    }
}
