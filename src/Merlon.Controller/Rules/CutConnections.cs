using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>Live connections that a change ends: an agent asks again about those of a vNIC with another stamp, unless the step spares them.
/// Of an ICMP session the request is judged.</summary>
/// <param name="step">What apply would tell the hosts with drain or keep; null = none could be told.</param>
/// <param name="takesSteps">The host has what the change starts from.</param>
internal sealed class CutConnections(Revision before, Revision after, ConnectionStep? step, Predicate<string> takesSteps, long at)
{
    private readonly ImageEngine _before = new(before.Policy, before.Vms), _after = new(after.Policy, after.Vms);

    /// <summary>All that are cut, and those of them that go at once under drain and keep too.</summary>
    public (IReadOnlyList<ConnectionRecord> Cut, IReadOnlyList<ConnectionRecord> AtOnce) Of(IReadOnlyList<ConnectionRecord> connections)
    {
        var ends = connections.Select(c => (Connection: c, End: EndOf(c))).Where(c => c.End != End.Own).ToList();
        return ([.. ends.Select(c => c.Connection)], [.. ends.Where(c => c.End == End.AtOnce).Select(c => c.Connection)]);
    }

    private End EndOf(ConnectionRecord c)
    {
        if (RecordedPacket.Of(after.Vms, c.Source, c.Destination, c.Service, at) is not { } packet) return End.Own;
        var (now, then) = (_before.Sides(packet), _after.Sides(packet));
        if (!Lives(now.Out, c.Source, c.Approved is "source" or "both") || !Lives(now.In, c.Destination, c.Approved is "destination" or "both")) return End.Own;
        return (End)Math.Max((int)EndAt(then.From, then.Out, packet), (int)EndAt(then.To, then.In, packet));
    }

    // What an earlier step keeps is refused already, and what was just cut still stands in the table.
    private static bool Lives(SideVerdict? now, FlowEndRecord end, bool approved) => now is not { Passes: false } || approved || end.VmUuid is null;

    private End EndAt(NicKey? key, SideVerdict? then, FlowQuestion packet)
    {
        if (key is not { } nic || _after.Bound(nic, at) is not { } next) return End.Own;
        var old = _before.Bound(nic, at);
        // Its entries are no longer found, whatever the rules say.
        if (old is not null && old.Segment != next.Segment && packet.Protocol == Protocols.Tcp && next.Nic.Guard.Mode == Enforcement.Enforce) return End.AtOnce;
        if (then is not { Passes: false }) return End.Own;
        if (old is null || old.HasLostTo(next)) return End.AtOnce;
        if (old.Stamp == next.Stamp) return End.Own;
        return step?.Spares(next.Endpoint.Tenant, old.Stamp, next.Stamp) == true && takesSteps(after.Vms.Find(nic)!.Vm.Host) ? End.Later : End.AtOnce;
    }

    private enum End
    {
        /// <summary>When the ends want it.</summary>
        Own,
        Later,
        AtOnce,
    }
}
