using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Resolve;

/// <summary>Model + inventory to each host's <see cref="HostPolicy"/>; what is the same for all hosts is worked out once. The order of the input changes
/// nothing, nor does that in which hosts are asked for.</summary>
public sealed class Resolver
{
    private readonly PolicySet _policy;
    private readonly Membership _membership;
    private readonly RuleIndexes _indexes;
    private readonly GuardChoice _guards;
    private readonly ILookup<string, int> _nicsOfHost;
    private readonly bool _exceptions;
    private readonly long _at;

    /// <param name="at">Unix seconds: schedules are laid out from the week of this instant to <see cref="Horizon.EndOf"/>.</param>
    public Resolver(PolicySet policy, VmInventory inventory, long at = 0)
    {
        (_policy, _membership, _at) = (policy, new(policy, inventory), at);
        (_indexes, _guards) = (new(policy, _membership), new(policy, _membership));
        _nicsOfHost = Enumerable.Range(0, _membership.Atoms.Nics.Length).ToLookup(nic => _membership.Atoms.Nics[nic].Vm.Host);
        _exceptions = policy.Groups.Any(g => !g.Except.IsEmpty);
    }

    /// <summary>Warnings (a rule that names an unknown VM) of what was resolved so far.</summary>
    public ImmutableArray<Diagnostic> Diagnostics => _membership.Findings.InOrder();

    /// <summary>One host alone.</summary>
    public static ResolveResult Resolve(PolicySet policy, VmInventory inventory, string host, ulong sequence, long at = 0)
    {
        var resolver = new Resolver(policy, inventory, at);
        return new(resolver.Of(host, sequence), inventory.Claims, resolver.Diagnostics);
    }

    /// <param name="host">Only this host's guarded vNICs become <see cref="HostPolicy.Nics"/>; the empty name is that of VMs without a stated host.</param>
    public HostPolicy Of(string host, ulong sequence)
    {
        var atoms = _membership.Atoms;
        var sets = new SetTable(atoms, _exceptions);
        var lists = new RuleLists(_policy, atoms, _indexes, sets, _at);
        var guarded = new List<(int Nic, NicGuard Guard, int Out, int In)>();
        foreach (var nic in _nicsOfHost[host])
            if (_guards.Of(nic) is { } guard) guarded.Add((nic, guard, lists.For(nic, Direction.Out), lists.For(nic, Direction.In)));
        var (endpoints, endpointOf) = Endpoints(atoms, sets, guarded.Select(g => g.Nic));
        var nics = guarded.Select(g => new PolicyNic(endpointOf[g.Nic], atoms.Nics[g.Nic].Nic.Mac, atoms.Nics[g.Nic].Nic.Network, g.Guard, g.Out, g.In));
        return new(sequence, endpoints, [.. nics], sets.Build(endpointOf), lists.All);
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
