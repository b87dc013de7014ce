using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Contracts.Wire;

/// <summary>Reads and checks one HostPolicyMessage; rules are checked by <see cref="RuleReader"/>.</summary>
internal sealed class HostPolicyReader(HostPolicyMessage message)
{
    public HostPolicy Read(HostPolicy? before = null)
    {
        Expect.Count(message.Endpoints.Count, Limits.Endpoints, "endpoints");
        Expect.Count(message.Nics.Count, Limits.Nics, "nics");
        Expect.Count(message.Sets.Count, Limits.Sets, "sets");
        Expect.Count(message.RuleLists.Count, Limits.RuleLists, "rule_lists");
        Expect.Count(message.Rules.Count + message.RuleLists.Sum(l => l.Rules.Count), Limits.Rules, "rules");
        Expect.Count(message.RuleLists.Sum(l => l.RuleIndexes.Count), Limits.RuleIndexes, "rule_indexes");
        Expect.Count(message.Sets.Sum(s => s.Prefixes.Count + s.Holes.Count), Limits.Prefixes, "prefixes");
        Expect.Count(message.Sets.Sum(s => s.Exceptions.Count), Limits.Prefixes, "exceptions");
        return new(message.Sequence, Endpoints(), Nics(), Sets(), RuleReader.Lists(message, before?.Sets.Length == message.Sets.Count ? before.RuleLists : [])) { Trial = Trial(), Connections = Connections() };
    }

    private Trial? Trial()
    {
        Expect.That(message.ConfirmBy >= 0, "confirm_by", "is negative");
        Expect.That((message.ConfirmBy > 0) == (message.Fallback is not null), "fallback", "stands with confirm_by, and only with it");
        if (message.Fallback is not { } fallback) return null;
        Expect.That(fallback is { ConfirmBy: 0, Fallback: null, Connections: null }, "fallback", "is a step of its own");
        Expect.That(fallback.Sequence == message.Sequence, "fallback.sequence", "is another than that of its policy");
        return new(message.ConfirmBy, new HostPolicyReader(fallback).Read());
    }

    private ConnectionStep? Connections()
    {
        if (message.Connections is not { } step) return null;
        Expect.That(step.From < message.Sequence, "connections.from", "is not an earlier sequence");
        Expect.That(step.Until >= 0, "connections.until", "is negative");
        Expect.That(step.Tenants.Count > 0, "connections.tenants", "names nobody");
        Expect.Count(step.Tenants.Count, Limits.Endpoints, "connections.tenants");
        foreach (var tenant in step.Tenants) Expect.Name(tenant, "connections.tenants");
        return new(step.From, step.Until == 0 ? null : step.Until, [.. step.Tenants]);
    }

    /// <summary>Indexes into something of <paramref name="count"/> entries, strictly ascending.</summary>
    internal static ImmutableArray<int> Ascending(RepeatedField<uint> indexes, int count, string field)
    {
        var last = -1;
        foreach (var index in indexes)
        {
            var next = Expect.Index(index, count, field);
            Expect.That(next > last, field, "not in ascending order");
            last = next;
        }
        return [.. indexes.Select(i => (int)i)];
    }

    private ImmutableArray<PolicyEndpoint> Endpoints()
    {
        var all = ImmutableArray.CreateBuilder<PolicyEndpoint>(message.Endpoints.Count);
        for (var i = 0; i < message.Endpoints.Count; i++)
        {
            var endpoint = Endpoint(message.Endpoints[i], $"endpoints[{i}]");
            Expect.That(i == 0 || all[i - 1].Key.CompareTo(endpoint.Key) < 0, $"endpoints[{i}]", "not in order of its key, or twice");
            all.Add(endpoint);
        }
        return all.MoveToImmutable();
    }

    private static PolicyEndpoint Endpoint(EndpointMessage m, string field)
    {
        Expect.That(m.NicIndex < Limits.NicsOfVm, field + ".nic_index", $"{m.NicIndex} is not below {Limits.NicsOfVm}");
        Expect.Count(m.Addresses.Count, Limits.AddressesOfEndpoint, field + ".addresses");
        ImmutableArray<Address> addresses = [.. m.Addresses.Select(a => Expect.Address(a.Span, field + ".addresses"))];
        Expect.That(addresses.Distinct().Count() == addresses.Length, field + ".addresses", "an address twice");
        return new(
            new(Expect.Uuid(m.VmUuid, field + ".vm_uuid"), (int)m.NicIndex),
            Expect.Name(m.Vm, field + ".vm"),
            Expect.Name(m.Tenant, field + ".tenant", mayBeEmpty: true),
            Expect.Name(m.Realm, field + ".realm", mayBeEmpty: true),
            addresses);
    }

    private ImmutableArray<PolicyNic> Nics()
    {
        var all = ImmutableArray.CreateBuilder<PolicyNic>(message.Nics.Count);
        for (var i = 0; i < message.Nics.Count; i++)
        {
            var nic = Nic(message.Nics[i], $"nics[{i}]");
            Expect.That(i == 0 || all[i - 1].Endpoint < nic.Endpoint, $"nics[{i}]", "not in order of its endpoint, or twice");
            all.Add(nic);
        }
        return all.MoveToImmutable();
    }

    private PolicyNic Nic(NicMessage m, string field) => new(
        Expect.Index(m.Endpoint, message.Endpoints.Count, field + ".endpoint"),
        Expect.Mac(m.Mac.Span, field + ".mac"),
        Expect.Name(m.Segment, field + ".segment", mayBeEmpty: true), // hostdev and others are on none
        Guard(m.Guard ?? throw Expect.Broken(field + ".guard", "is missing"), field + ".guard"),
        List(m.OutRules, Direction.Out, field + ".out_rules"),
        List(m.InRules, Direction.In, field + ".in_rules"));

    private int List(uint index, Direction direction, string field)
    {
        var list = Expect.Index(index, message.RuleLists.Count, field);
        Expect.That(message.RuleLists[list].Direction == (int)direction, field, "a rule list of the other direction");
        return list;
    }

    private static NicGuard Guard(GuardMessage m, string field)
    {
        Expect.That(m.MaxConnections >= 0, field + ".max_connections", "is negative");
        Expect.That(m.MaxHalfOpen >= 0, field + ".max_half_open", "is negative");
        Expect.That(m.AdoptSeconds is >= 0 and <= GuardDocument.LongestAdopt, field + ".adopt_seconds", "is no time to adopt in");
        return new(
            Expect.Name(m.Name, field + ".name", mayBeEmpty: true), m.Out, m.In,
            Expect.Enum<Enforcement>(m.Mode, field + ".mode"),
            Expect.Enum<OnFailure>(m.OnFailure, field + ".on_failure"),
            Expect.Enum<LogLevel>(m.Log, field + ".log"),
            Spoof(m, field), m.MaxConnections, m.MaxHalfOpen,
            new(Rate(m.ConnectionRate, field + ".connection_rate"), Rate(m.IcmpRate, field + ".icmp_rate"), Rate(m.NeighbourRate, field + ".neighbour_rate")), Frames(m, field), !m.NoShortCut, m.CarryConnections)
        {
            Untracked = Untracked(m, field),
            Learn = Learn(m.Learn, field + ".learn"),
            Adopt = m.AdoptSeconds,
        };
    }

    private static LearnBy Learn(int by, string field)
    {
        Expect.That((by & ~(int)(LearnBy.Dhcp | LearnBy.Arp)) == 0, field, $"{by} is no LearnBy");
        return (LearnBy)by;
    }

    private static int Rate(int rate, string field)
    {
        Expect.That(rate is >= 0 and <= Rates.Most, field, "is no rate");
        return rate;
    }

    private static OtherFrames Frames(GuardMessage m, string field)
    {
        Expect.Count(m.Vlans.Count, OtherFrames.MostVlans, field + ".vlans");
        Expect.Count(m.EtherTypes.Count, OtherFrames.MostEtherTypes, field + ".ether_types");
        var last = 0u;
        foreach (var range in m.Vlans)
        {
            Expect.That(range.Low > last && range.High >= range.Low && range.High <= VlanRange.Most, field + ".vlans", "no range of VLANs, or not in ascending order");
            last = range.High;
        }
        foreach (var type in Ascending(m.EtherTypes, ushort.MaxValue + 1, field + ".ether_types"))
            Expect.That(OtherFrames.MayList(type), field + ".ether_types", "a type that must not pass unread");
        return m.Vlans.Count + m.EtherTypes.Count == 0 ? OtherFrames.None
            : new([.. m.Vlans.Select(v => new VlanRange((int)v.Low, (int)v.High))], [.. m.EtherTypes.Select(t => (int)t)]);
    }

    private static UntrackedPorts Untracked(GuardMessage m, string field)
    {
        Expect.That(m.In || m.UntrackedServes.Count == 0, field + ".untracked_serves", "nobody would judge these packets");
        Expect.That(m.Out || m.UntrackedAsks.Count == 0, field + ".untracked_asks", "nobody would judge these packets");
        return m.UntrackedServes.Count + m.UntrackedAsks.Count == 0 ? UntrackedPorts.None
            : new(Ports(m.UntrackedServes, field + ".untracked_serves"), Ports(m.UntrackedAsks, field + ".untracked_asks"));
    }

    private static ImmutableArray<PortRange> Ports(RepeatedField<PortRangeMessage> ranges, string field)
    {
        Expect.Count(ranges.Count, UntrackedPorts.MostRanges, field);
        for (var i = 0; i < ranges.Count; i++)
            Expect.That(ranges[i].High >= ranges[i].Low && ranges[i].High <= PortRange.Most && (i == 0 || ranges[i].Low > ranges[i - 1].High + 1),
                field, "no range of ports, or not in ascending order");
        ImmutableArray<PortRange> all = [.. ranges.Select(r => new PortRange((int)r.Low, (int)r.High))];
        Expect.That(!all.Contains(PortRange.All), field, "all of TCP");
        return all;
    }

    private static AntiSpoof Spoof(GuardMessage m, string field) => new(
        Expect.Enum<SpoofCheck>(m.SpoofMac, field + ".spoof_mac"),
        Expect.Enum<SpoofCheck>(m.SpoofIpv4, field + ".spoof_ipv4"),
        Expect.Enum<SpoofCheck>(m.SpoofIpv6, field + ".spoof_ipv6"),
        Expect.Enum<SpoofCheck>(m.SpoofArp, field + ".spoof_arp"),
        Expect.Enum<SpoofCheck>(m.SpoofNd, field + ".spoof_nd"),
        Expect.Enum<SpoofCheck>(m.SpoofDhcpServer, field + ".spoof_dhcp_server"),
        Expect.Enum<SpoofCheck>(m.SpoofRa, field + ".spoof_ra")) { Licence = Licence(m, field) };

    private static Licence Licence(GuardMessage m, string field)
    {
        Expect.Count(m.MayClaimAddresses.Count, Policy.Model.Licence.Most, field + ".may_claim_addresses");
        Expect.Count(m.MayClaimMacs.Count, Policy.Model.Licence.Most, field + ".may_claim_macs");
        if (m.MayClaimAddresses.Count + m.MayClaimMacs.Count == 0) return Policy.Model.Licence.None;
        var addresses = Prefixes(m.MayClaimAddresses, field + ".may_claim_addresses");
        foreach (var prefix in addresses) Expect.That(Policy.Model.Licence.MayList(prefix), field + ".may_claim_addresses", $"{prefix} holds IPv4's addresses too");
        ImmutableArray<MacAddress> macs = [.. m.MayClaimMacs.Select(b => Expect.Mac(b.Span, field + ".may_claim_macs"))];
        for (var i = 0; i < macs.Length; i++)
            Expect.That(Policy.Model.Licence.MayList(macs[i]) && (i == 0 || macs[i - 1].CompareTo(macs[i]) < 0), field + ".may_claim_macs", $"{macs[i]} is no station's, or not in ascending order");
        return new(addresses, macs);
    }

    private ImmutableArray<EndpointSet> Sets() =>
        [.. message.Sets.Select((m, i) => new EndpointSet(
            Ascending(m.Endpoints, message.Endpoints.Count, $"sets[{i}].endpoints"),
            Prefixes(m.Prefixes, $"sets[{i}].prefixes"),
            Prefixes(m.Holes, $"sets[{i}].holes"),
            Exceptions(m.Exceptions, $"sets[{i}].exceptions")))];

    private ImmutableArray<EndpointAddress> Exceptions(RepeatedField<EndpointAddressMessage> messages, string field)
    {
        var all = ImmutableArray.CreateBuilder<EndpointAddress>(messages.Count);
        foreach (var m in messages)
        {
            var next = new EndpointAddress(
                Expect.Index(m.Endpoint, message.Endpoints.Count, field + ".endpoint"), Expect.Address(m.Address.Span, field + ".address"));
            Expect.That(all.Count == 0 || all[^1].CompareTo(next) < 0, field, "not in ascending order");
            all.Add(next);
        }
        return all.MoveToImmutable();
    }

    private static ImmutableArray<Prefix> Prefixes(RepeatedField<PrefixMessage> messages, string field)
    {
        var all = ImmutableArray.CreateBuilder<Prefix>(messages.Count);
        foreach (var m in messages)
        {
            var network = Expect.Address(m.Network.Span, field + ".network");
            Expect.That(m.Length <= network.Width, field + ".length", $"{m.Length} is more than {network.Width}");
            var prefix = new Prefix(network, (int)m.Length);
            Expect.That(prefix.IsCanonical, field, $"{prefix} has host bits set");
            if (all.Count > 0)
                Expect.That(all[^1].CompareTo(prefix) < 0, field, $"{prefix} out of order");
            all.Add(prefix);
        }
        return all.MoveToImmutable();
    }
}
