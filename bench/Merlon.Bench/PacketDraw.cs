using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Bench;

/// <summary>Packets that the rules of a policy are about: between ends that one of them names, at the edges of its services.</summary>
internal sealed class PacketDraw(ShapedPolicy policy, Dice dice)
{
    private readonly ILookup<string, VmNic> _byApp = policy.Inventory.Nics.ToLookup(n => n.Vm.Labels.GetValueOrDefault("app", ""));
    private readonly Dictionary<string, GroupDocument> _groups = policy.Documents.OfType<GroupDocument>().ToDictionary(g => g.Name);

    /// <summary>One end at least is a VM of the host whose image is asked.</summary>
    public (EndpointRef From, EndpointRef To) Ends()
    {
        while (true)
        {
            var rule = dice.Of(policy.Set.Policies[0].Document.Rules);
            var (from, to) = (End(rule.From[0]), End(rule.To[0]));
            if (from.Address != to.Address && (IsHere(from) || IsHere(to))) return (from, to);
        }
    }

    /// <param name="near">The rules for these ends; most packets are of one of them.</param>
    public FlowQuestion Packet(PolicySet near, EndpointRef from, EndpointRef to)
    {
        var (rules, all) = (near.Policies[0].Document.Rules, policy.Set.Policies[0].Document.Rules);
        var match = dice.Of(rules.IsEmpty || dice.Percent(10) ? all : rules).Services[0].Match;
        var port = (dice.Percent(50) ? match.High : match.Low) + (dice.Percent(30) ? dice.Between(-1, 1) : 0);
        return new(from, to, match.Protocol, Math.Clamp(port, 0, 65535), 40000, 0);
    }

    private bool IsHere(EndpointRef end) => end.Nic is { } key && policy.Inventory.Find(key)!.Vm.Host == policy.Host;

    private EndpointRef End(Reference reference) => reference.Kind switch
    {
        ReferenceKind.Cidr => Edge(reference.Prefix),
        ReferenceKind.Vm => Of(policy.Inventory.Nics.First(n => n.Vm.Name == reference.Name)),
        ReferenceKind.Group when _groups[reference.Name] is var group => group.Cidrs.IsEmpty ? Of(dice.Of([.. _byApp[group.Select!.Labels["app"]]])) : Edge(dice.Of(group.Cidrs)),
        _ => dice.Percent(30) ? new(null, Address.Parse("198.51.100.7")) : Of(dice.Of(policy.Inventory.Nics)),
    };

    private EndpointRef Edge(Prefix prefix) => new(null, dice.Percent(50) ? prefix.Network : PolicyEdges.Last(prefix));

    private static EndpointRef Of(VmNic nic) => new(nic.Key, nic.Nic.Addresses[0]);
}
