using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Bench;

/// <summary>What the plain evaluator reads of a policy for packets between two ends: the rules that name both. The others match none of
/// these packets, so that it says the same of the rest as of the whole, in a hundredth of the time.</summary>
internal static class PairOfEnds
{
    /// <returns>The same documents in the same order, without the rules that match no packet from one end to the other.</returns>
    public static PolicySet Narrowed(PolicySet policy, VmInventory inventory, EndpointRef from, EndpointRef to)
    {
        var members = new PlainMembership(policy);
        var (sources, destinations) = (Parties(inventory, from), Parties(inventory, to));
        return new([.. policy.Documents.Select(d => d.Document is PolicyDocument p ? d with { Document = p with { Rules = [.. p.Rules.Where(Names)] } } : d)],
            policy.GuardsAll ? WithoutGuards.GuardAll : WithoutGuards.GuardNone);

        bool Names(PolicyRule rule) => sources.Any(s => members.Any(Tenant, rule.From, s)) && destinations.Any(d => members.Any(Tenant, rule.To, d));
    }

    private const string Tenant = "shop";

    /// <summary>All that an end can be to a rule: the vNIC with its address, either alone.</summary>
    private static PlainParty[] Parties(VmInventory inventory, EndpointRef end)
    {
        var nic = end.Nic is { } key ? inventory.Find(key) : inventory.Owner(InventoryNic.DefaultRealm, end.Address);
        return nic is null ? [new(null, end.Address)] : [new(nic, end.Address), new(nic, null), new(null, end.Address)];
    }
}
