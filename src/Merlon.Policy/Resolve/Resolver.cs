using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Model + inventory to one host's <see cref="HostPolicy"/>. Pure: the order of the input changes nothing.</summary>
public static class Resolver
{
    /// <param name="host">Only this host's guarded vNICs become <see cref="HostPolicy.Nics"/>; the empty name is that of VMs without a stated host.</param>
    /// <param name="at">Unix seconds: schedules are laid out from the week of this instant to <see cref="Horizon.EndOf"/>.</param>
    public static ResolveResult Resolve(PolicySet policy, VmInventory inventory, string host, ulong sequence, long at = 0)
    {
        var membership = new Membership(policy, inventory);
        var atoms = membership.Atoms;
        var sets = new SetTable(atoms, policy.Groups.Any(g => !g.Except.IsEmpty));
        var lists = new RuleLists(policy, membership, sets, at);
        var guards = new GuardChoice(policy, membership);
        var guarded = new List<(int Nic, NicGuard Guard, int Out, int In)>();
        for (var nic = 0; nic < atoms.Nics.Length; nic++)
        {
            if (atoms.Nics[nic].Vm.Host != host || guards.Of(nic) is not { } guard) continue;
            guarded.Add((nic, guard, lists.For(nic, Direction.Out), lists.For(nic, Direction.In)));
        }
        var (endpoints, endpointOf) = Endpoints(atoms, sets, guarded.Select(g => g.Nic));
        var nics = guarded.Select(g => new PolicyNic(endpointOf[g.Nic], atoms.Nics[g.Nic].Nic.Mac, atoms.Nics[g.Nic].Nic.Network, g.Guard, g.Out, g.In));
        return new(new(sequence, endpoints, [.. nics], sets.Build(endpointOf), lists.All), inventory.Claims, membership.Findings.InOrder());
    }

    private static (ImmutableArray<PolicyEndpoint> Endpoints, int[] NumberOf) Endpoints(Atoms atoms, SetTable sets, IEnumerable<int> guarded)
    {
        var used = new bool[atoms.Nics.Length];
        foreach (var nic in guarded) used[nic] = true;
        sets.MarkNics(used);
        var numbers = new int[used.Length];
        var endpoints = ImmutableArray.CreateBuilder<PolicyEndpoint>();
        for (var i = 0; i < used.Length; i++)
        {
            if (!used[i]) continue;
            var (vm, nic) = (atoms.Nics[i].Vm, atoms.Nics[i].Nic);
            numbers[i] = endpoints.Count;
            endpoints.Add(new(atoms.Nics[i].Key, vm.Name, vm.Tenant, nic.Realm, nic.Addresses));
        }
        return (endpoints.ToImmutable(), numbers);
    }
}
