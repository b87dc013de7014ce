using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Packets drawn from the edges of a policy's rules: one beside every port, prefix and member. The kernel tests link this file.</summary>
public sealed class RandomPackets
{
    private readonly Dice _dice;
    private readonly VmInventory _inventory;
    private readonly Address[] _edges;
    private readonly ServiceMatch[] _services;
    private readonly long _at;

    public RandomPackets(ulong seed, PolicySet policy, VmInventory inventory)
    {
        (_dice, _inventory) = (new(seed), inventory);
        var owned = inventory.Nics.SelectMany(n => n.Nic.Addresses).Select(Prefix.Of);
        _edges = [.. PolicyEdges.Prefixes(policy).Concat(owned).SelectMany(Beside).Where(a => a.IsOwnable).Distinct().Order()];
        _services = [.. PolicyEdges.Services(policy).Concat(PolicyEdges.Untracked(policy).Select(PolicyEdges.Answers)).Order()];
        _at = _dice.Of<long>([0, 999, 1000, 1999, 2000]);
    }

    public FlowQuestion Next()
    {
        while (true)
        {
            var family = _dice.Percent(60) ? AddressFamily.IPv4 : AddressFamily.IPv6;
            var (from, to) = (End(family), End(family));
            if (from.Address.Family != family || to.Address.Family != family || from.Address == to.Address) continue;
            var (f, t) = FlowParties.Of(_inventory, new(from, to, 0, 0, 0, 0));
            if ((f is null && t is null) || (f is not null && f.Key == t?.Key)) continue;
            var (protocol, destination, source) = Service();
            if (protocol == (family == AddressFamily.IPv4 ? Protocols.Icmp6 : Protocols.Icmp)) continue;
            return new(from, to, protocol, destination, source, _at);
        }
    }

    /// <summary>Mostly a vNIC at its own address; at times one that speaks from a foreign one, or somebody outside.</summary>
    private EndpointRef End(AddressFamily family)
    {
        var nic = _dice.Of(_inventory.Nics);
        var own = nic.Nic.Addresses.Where(a => a.Family == family).ToArray();
        return _dice.Below(10) switch
        {
            < 7 when own.Length > 0 => new(nic.Key, _dice.Of(own)),
            7 => new(nic.Key, Edge(family)),
            _ => new(null, Edge(family)),
        };
    }

    private Address Edge(AddressFamily family)
    {
        var mine = _edges.Where(e => e.Family == family).ToArray();
        return mine.Length > 0 ? _dice.Of(mine) : Address.Parse(family == AddressFamily.IPv4 ? "198.51.100.7" : "2001:db8:ffff::7");
    }

    private (int Protocol, int Destination, int Source) Service()
    {
        var match = _dice.Percent(10) || _services.Length == 0 ? ServiceMatch.Any : _dice.Of(_services);
        var protocol = match.Protocol >= 0 ? match.Protocol : _dice.Of([Protocols.Tcp, Protocols.Udp, Protocols.Sctp, Protocols.Icmp, Protocols.Icmp6, 47, 50]);
        // Beside ICMPv6's echo request stand an error and a reply, which no policy is asked about.
        if (Protocols.IsIcmp(protocol)) return (protocol, (protocol == Protocols.Icmp ? _dice.Of([7, 8, 8, 8, 8, 9]) : 128) << 8 | (_dice.Percent(20) ? 1 : 0), 0);
        if (!Protocols.HasPorts(protocol)) return (protocol, 0, 0);
        return (protocol, Near(match.Low, match.High), _dice.Percent(50) ? 40000 : Near(match.SourceLow, match.SourceHigh));
    }

    private int Near(int low, int high) => Math.Clamp(_dice.Of([low - 1, low, low, high, high, high + 1]), 0, 65535);

    private static IEnumerable<Address> Beside(Prefix prefix)
    {
        var last = PolicyEdges.Last(prefix);
        foreach (var address in PolicyEdges.Around(prefix).Append(last)) yield return address;
        if (prefix.Network.Bits > 0) yield return prefix.Network with { Bits = prefix.Network.Bits - 1 };
    }
}
