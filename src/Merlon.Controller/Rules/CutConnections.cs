using Merlon.Contracts.Api;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>Live connections that a change ends: an agent asks again about those of a vNIC with another stamp, unless the step spares them.
/// Of an ICMP session the request is judged.</summary>
/// <param name="step">What apply would tell the hosts with drain or keep.</param>
/// <param name="takesSteps">The host has what the change starts from.</param>
internal sealed class CutConnections(BothRevisions hosts, ConnectionStep step, Predicate<string> takesSteps)
{
    private readonly AllHosts _before = hosts.Before, _after = hosts.After;

    /// <summary>All that are cut, and those of them that go at once under drain and keep too. What several hosts or segments tell of is one.</summary>
    public (IReadOnlyList<ConnectionRecord> Cut, IReadOnlyList<ConnectionRecord> AtOnce) Of(IReadOnlyList<ConnectionRecord> connections)
    {
        var ends = connections.Select(c => (Record: c, Packet: Packet(c))).Where(c => c.Packet is { } packet && hosts.MayDiffer(packet))
            .GroupBy(c => (Packet: c.Packet!.Value, c.Record.Source.Port), c => c.Record).Select(g => (Connection: g.First(), End: EndOf(g.Key.Packet, [.. g]))).Where(c => c.End != End.Own).ToList();
        return ([.. ends.Select(c => c.Connection)], [.. ends.Where(c => c.End == End.AtOnce).Select(c => c.Connection)]);
    }

    /// <summary>The first one, the same whichever host tells of it: each knows the names of its own vNICs alone.</summary>
    private FlowQuestion? Packet(ConnectionRecord c)
    {
        if (RecordedPacket.Of(hosts.Vms, c.Source, c.Destination, c.Service, hosts.At) is not { } packet) return null;
        var parties = FlowParties.Of(hosts.Vms, packet);
        return packet with { From = packet.From with { Nic = parties.From?.Key }, To = packet.To with { Nic = parties.To?.Key } };
    }

    private End EndOf(FlowQuestion packet, ConnectionRecord[] told)
    {
        var (now, then) = (_before.Images.Sides(packet), _after.Images.Sides(packet));
        var (source, destination) = (told.Any(c => c.Approved is "source" or "both"), told.Any(c => c.Approved is "destination" or "both"));
        // An end is its own host's to tell: of one that is away, or whose part of the list was cut off, nothing is known.
        var (hasSource, hasDestination) = (told.Any(c => c.Source.VmUuid is not null), told.Any(c => c.Destination.VmUuid is not null));
        // What an earlier step keeps is refused already, and what was just cut still stands in the table.
        if ((now.Out is { Passes: false } && !source) || (now.In is { Passes: false } && !destination)) return End.Own;
        (string, string)?[] entries = [hasSource ? Table(_before, packet.From.Nic) : null, hasDestination ? Table(_before, packet.To.Nic) : null];
        return (End)Math.Max((int)EndAt(packet.From.Nic, now.Out, then.Out, hasSource, source), (int)EndAt(packet.To.Nic, now.In, then.In, hasDestination, destination));

        End EndAt(NicKey? nic, SideVerdict? now, SideVerdict? then, bool isTold, bool approved) =>
            packet.Protocol == Protocols.Tcp && Loses(nic, now, then, entries) ? End.AtOnce : then is { Passes: false } && isTold ? Refused(nic!.Value, approved) : End.Own;
    }

    // Whatever the rules say: TCP without an entry must open again.
    private bool Loses(NicKey? nic, SideVerdict? now, SideVerdict? then, (string, string)?[] entries)
    {
        if (Table(_after, nic) is not { } table || _after.Bound(nic!.Value)!.Nic.Guard.Mode != Enforcement.Enforce || then is { Untracked: true, Passes: true }) return false;
        return (now is { Untracked: true } || Table(_before, nic) != table) && !entries.Contains(table);
    }

    private End Refused(NicKey nic, bool approved)
    {
        // Only what the present rules have approved can be spared.
        if (!approved || _before.Bound(nic) is not { } old || _after.Bound(nic) is not { } next) return End.AtOnce;
        if (old.Stamp == next.Stamp) return End.Own;
        return step.Spares(next.Endpoint.Tenant, old.Stamp, next.Stamp) && takesSteps(hosts.Vms.Find(nic)!.Vm.Host) ? End.Later : End.AtOnce;
    }

    /// <summary>Where the entries of a guarded vNIC are found.</summary>
    private static (string Host, string Segment)? Table(AllHosts all, NicKey? key) =>
        key is { } nic && all.Bound(nic) is { } bound ? (all.Vms.Find(nic)!.Vm.Host, bound.Segment) : null;

    private enum End
    {
        /// <summary>When the ends want it.</summary>
        Own,
        Later,
        AtOnce,
    }
}
