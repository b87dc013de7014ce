using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>What one VM takes along of a HostPolicy, and how a host takes it in. Pure.</summary>
public static class VmPolicy
{
    /// <summary>Everything that judges this VM, and nothing else: its vNICs, their rule lists, the sets these name, and the endpoints of those.
    /// Null when the policy guards no vNIC of it.</summary>
    public static HostPolicy? Of(HostPolicy policy, string vmUuid)
    {
        var nics = policy.Nics.Where(n => policy.Endpoints[n.Endpoint].Key.VmUuid == vmUuid).ToImmutableArray();
        if (nics.IsEmpty) return null;
        var lists = new Renumbering(nics.SelectMany(n => new[] { n.OutRules, n.InRules }));
        var rules = lists.Pick(policy.RuleLists);
        var sets = new Renumbering(rules.SelectMany(l => l.Rules).SelectMany(r => r.Remotes.Concat(r.Locals)));
        var named = sets.Pick(policy.Sets);
        var endpoints = new Renumbering(named.SelectMany(s => s.Endpoints.Concat(s.Exceptions.Select(e => e.Endpoint))).Concat(nics.Select(n => n.Endpoint)));
        return new(policy.Sequence, endpoints.Pick(policy.Endpoints), [.. nics.Select(n => Moved(n, endpoints.Of, lists.Of))],
            [.. named.Select(s => Moved(s, endpoints.Of))], [.. rules.Select(l => Moved(l, sets.Of))]);
    }

    /// <summary>The host's policy with a VM's own in the place of what it says of that VM; of the host's sequence, on trial as it is.</summary>
    public static HostPolicy Join(HostPolicy host, HostPolicy vm)
    {
        var own = vm.Nics.Select(n => vm.Endpoints[n.Endpoint].Key).ToHashSet();
        var (endpoints, place) = Union(host, vm);
        var placed = endpoints.Select((e, i) => (e.Key, i)).ToDictionary(e => e.Key, e => e.i);
        int HostEndpoint(int old) => placed[host.Endpoints[old].Key];
        int VmEndpoint(int old) => place[old];
        var kept = host.Nics.Where(n => !own.Contains(host.Endpoints[n.Endpoint].Key)).Select(n => Moved(n, HostEndpoint, l => l));
        var added = vm.Nics.Select(n => Moved(n, VmEndpoint, l => l + host.RuleLists.Length));
        return new(host.Sequence, endpoints, [.. kept.Concat(added).OrderBy(n => endpoints[n.Endpoint].Key)],
            [.. host.Sets.Select(s => Moved(s, HostEndpoint)), .. vm.Sets.Select(s => Moved(s, VmEndpoint))],
            [.. host.RuleLists, .. vm.RuleLists.Select(l => Moved(l, s => s + host.Sets.Length))])
        {
            Trial = host.Trial is { } trial ? trial with { Fallback = Join(trial.Fallback, vm) } : null,
        };
    }

    // Of an endpoint that both name, the host's word counts, but of the VM itself its own.
    private static (ImmutableArray<PolicyEndpoint> All, int[] PlaceOfVms) Union(HostPolicy host, HostPolicy vm)
    {
        var own = vm.Nics.Select(n => vm.Endpoints[n.Endpoint].Key).ToHashSet();
        var all = host.Endpoints.Where(e => !own.Contains(e.Key)).ToList();
        var known = all.Select(e => e.Key).ToHashSet();
        all.AddRange(vm.Endpoints.Where(e => own.Contains(e.Key) || known.Add(e.Key)));
        ImmutableArray<PolicyEndpoint> ordered = [.. all.OrderBy(e => e.Key)];
        var places = ordered.Select((e, i) => (e.Key, i)).ToDictionary(e => e.Key, e => e.i);
        return (ordered, [.. vm.Endpoints.Select(e => places[e.Key])]);
    }

    private static PolicyNic Moved(PolicyNic nic, Func<int, int> endpoint, Func<int, int> list) =>
        nic with { Endpoint = endpoint(nic.Endpoint), OutRules = list(nic.OutRules), InRules = list(nic.InRules) };

    private static RuleList Moved(RuleList list, Func<int, int> set) => list with
    {
        Rules = [.. list.Rules.Select(r => r with { Remotes = [.. r.Remotes.Select(set)], Locals = [.. r.Locals.Select(set)] })],
    };

    private static EndpointSet Moved(EndpointSet set, Func<int, int> endpoint) => set with
    {
        Endpoints = [.. set.Endpoints.Select(endpoint).Order()],
        Exceptions = [.. set.Exceptions.Select(e => e with { Endpoint = endpoint(e.Endpoint) }).Order()],
    };

    /// <summary>Some of the old numbers, close together and in the old order.</summary>
    private sealed class Renumbering(IEnumerable<int> used)
    {
        private readonly int[] _used = [.. used.Distinct().Order()];

        public int Of(int old) => Array.BinarySearch(_used, old);

        public ImmutableArray<T> Pick<T>(ImmutableArray<T> all) => [.. _used.Select(i => all[i])];
    }
}
