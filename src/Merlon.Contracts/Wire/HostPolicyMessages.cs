using Google.Protobuf;
using Google.Protobuf.Collections;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Contracts.Wire;

/// <summary>HostPolicy ↔ its wire form (host_policy.proto).</summary>
public static class HostPolicyMessages
{
    /// <summary>Every byte of a received message is hostile: throws <see cref="ContractException"/> naming the first field that
    /// breaks the contract.</summary>
    /// <param name="before">The policy before, if there is one: rules and lists of rules that say the same are its objects, so that nobody compares them again.</param>
    public static HostPolicy FromMessage(HostPolicyMessage message, HostPolicy? before = null) => new HostPolicyReader(message).Read(before);

    public static HostPolicyMessage ToMessage(HostPolicy policy)
    {
        var message = new HostPolicyMessage { Sequence = policy.Sequence };
        message.Endpoints.AddRange(policy.Endpoints.Select(Endpoint));
        message.Nics.AddRange(policy.Nics.Select(Nic));
        message.Sets.AddRange(policy.Sets.Select(Set));
        AddRules(message, policy.RuleLists);
        if (policy.Trial is { } trial) (message.ConfirmBy, message.Fallback) = (trial.ConfirmBy, ToMessage(trial.Fallback));
        if (policy.Connections is { } step) message.Connections = new() { From = step.From, Until = step.Until ?? 0, Tenants = { step.Tenants } };
        return message;
    }

    /// <summary>Gives the whole message this sequence.</summary>
    public static HostPolicyMessage Numbered(this HostPolicyMessage message, ulong sequence)
    {
        var copy = message.Clone();
        copy.Sequence = sequence;
        if (copy.Fallback is { } fallback) fallback.Sequence = sequence;
        return copy;
    }

    private static EndpointMessage Endpoint(PolicyEndpoint endpoint)
    {
        var message = new EndpointMessage
        {
            VmUuid = endpoint.Key.VmUuid,
            NicIndex = checked((uint)endpoint.Key.Index),
            Vm = endpoint.Vm,
            Tenant = endpoint.Tenant,
            Realm = endpoint.Realm,
        };
        message.Addresses.AddRange(endpoint.Addresses.Select(Bytes));
        return message;
    }

    private static NicMessage Nic(PolicyNic nic) => new()
    {
        Endpoint = checked((uint)nic.Endpoint),
        Mac = Bytes(nic.Mac),
        Segment = nic.Segment,
        Guard = Guard(nic.Guard),
        OutRules = checked((uint)nic.OutRules),
        InRules = checked((uint)nic.InRules),
    };

    private static ByteString Bytes(MacAddress mac)
    {
        Span<byte> six = stackalloc byte[6];
        mac.Write(six);
        return ByteString.CopyFrom(six);
    }

    private static GuardMessage Guard(NicGuard guard) => new()
    {
        Name = guard.Name,
        Out = guard.Out,
        In = guard.In,
        Mode = (int)guard.Mode,
        OnFailure = (int)guard.OnFailure,
        Log = (int)guard.Log,
        SpoofMac = (int)guard.AntiSpoof.Mac,
        SpoofIpv4 = (int)guard.AntiSpoof.Ipv4,
        SpoofIpv6 = (int)guard.AntiSpoof.Ipv6,
        SpoofArp = (int)guard.AntiSpoof.Arp,
        SpoofNd = (int)guard.AntiSpoof.Nd,
        SpoofDhcpServer = (int)guard.AntiSpoof.DhcpServer,
        SpoofRa = (int)guard.AntiSpoof.Ra,
        MaxConnections = guard.MaxConnections,
        MaxHalfOpen = guard.MaxHalfOpen,
        ConnectionRate = guard.Rates.Connections,
        IcmpRate = guard.Rates.Icmp,
        NeighbourRate = guard.Rates.Neighbours,
        NoShortCut = !guard.ShortCut,
        CarryConnections = guard.CarryConnections,
        Vlans = { guard.Frames.Vlans.Select(v => new VlanRangeMessage { Low = (uint)v.Low, High = (uint)v.High }) },
        EtherTypes = { guard.Frames.EtherTypes.Select(t => (uint)t) },
        UntrackedServes = { guard.Untracked.Serves.Select(Ports) },
        Learn = (int)guard.Learn,
        UntrackedAsks = { guard.Untracked.Asks.Select(Ports) },
        MayClaimAddresses = { guard.AntiSpoof.Licence.Addresses.Select(Prefix) },
        MayClaimMacs = { guard.AntiSpoof.Licence.Macs.Select(Bytes) },
        AdoptSeconds = guard.Adopt,
    };

    private static PortRangeMessage Ports(PortRange range) => new() { Low = (uint)range.Low, High = (uint)range.High };

    private static EndpointSetMessage Set(EndpointSet set)
    {
        var message = new EndpointSetMessage();
        Add(message.Endpoints, set.Endpoints);
        message.Prefixes.AddRange(set.Prefixes.Select(Prefix));
        message.Holes.AddRange(set.Holes.Select(Prefix));
        message.Exceptions.AddRange(set.Exceptions.Select(e => new EndpointAddressMessage { Endpoint = (uint)e.Endpoint, Address = Bytes(e.Address) }));
        return message;
    }

    private static PrefixMessage Prefix(Prefix prefix) => new() { Network = Bytes(prefix.Network), Length = (uint)prefix.Length };

    // A rule of a hundred lists is one object, and is sent once.
    private static void AddRules(HostPolicyMessage message, IEnumerable<RuleList> lists)
    {
        var indexes = new Dictionary<ResolvedRule, uint>(ReferenceEqualityComparer.Instance);
        foreach (var list in lists)
        {
            var told = new RuleListMessage { Direction = (int)list.Direction, DefaultAction = (int)list.Default };
            foreach (var rule in list.Rules)
            {
                if (!indexes.TryGetValue(rule, out var index))
                {
                    indexes.Add(rule, index = (uint)message.Rules.Count);
                    message.Rules.Add(Rule(rule));
                }
                told.RuleIndexes.Add(index);
            }
            message.RuleLists.Add(told);
        }
    }

    private static RuleMessage Rule(ResolvedRule rule)
    {
        var message = new RuleMessage
        {
            Tenant = rule.Rule.Tenant,
            Policy = rule.Rule.Policy,
            Rule = rule.Rule.Rule,
            Revision = rule.Rule.Revision,
            Tier = (int)rule.Tier,
            Action = (int)rule.Action,
            AnyRemote = rule.AnyRemote,
            AnyLocal = rule.AnyLocal,
            Log = rule.Log,
            Observed = rule.Observed,
        };
        Add(message.Remotes, rule.Remotes);
        Add(message.Locals, rule.Locals);
        message.Services.AddRange(rule.Services.Select(Service));
        message.Active.AddRange(rule.Active.Select(i => new IntervalMessage { From = i.From, To = i.To }));
        return message;
    }

    private static ServiceMessage Service(ServiceMatch service) => new()
    {
        Protocol = service.Protocol,
        Low = (uint)service.Low,
        High = (uint)service.High,
        SourceLow = (uint)service.SourceLow,
        SourceHigh = (uint)service.SourceHigh,
    };

    private static void Add(RepeatedField<uint> field, IEnumerable<int> indexes) =>
        field.AddRange(indexes.Select(i => checked((uint)i)));

    private static ByteString Bytes(Address address)
    {
        Span<byte> mapped = stackalloc byte[16];
        address.WriteMapped(mapped);
        return ByteString.CopyFrom(address.Family == AddressFamily.IPv4 ? mapped[12..] : mapped);
    }
}
