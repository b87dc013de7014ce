using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>VMs and groups as people see them: wanted by policy beside what the agents read back.</summary>
internal sealed class VmView(Rooms rooms)
{
    private readonly Rules.PolicyState state = rooms.Applier.State;

    public IReadOnlyList<VmRecord> All()
    {
        var groups = GroupsByVm();
        return [.. state.Inventory.Places.Values.OrderBy(p => p.Vm.Name, StringComparer.Ordinal).Select(p => Record(p, groups))];
    }

    public VmRecord? Find(string name) => state.Inventory.Find(name) is { } place ? Record(place, GroupsByVm()) : null;

    public IReadOnlyList<GroupRecord> Groups() =>
        [.. state.Set.Groups.Select(g => new GroupRecord(g.Tenant, g.Name, Vms(g), [.. g.Cidrs.Select(c => c.ToString())]))];

    private List<string> Vms(GroupDocument group) =>
        [.. GroupMembers.Of(state.Set, group, state.Inventory.Vms).Select(n => n.Vm.Name).Distinct().Order(StringComparer.Ordinal)];

    private ILookup<string, string> GroupsByVm() => state.Set.Groups
        .SelectMany(g => GroupMembers.Of(state.Set, g, state.Inventory.Vms).Select(n => n.Vm.Uuid).Distinct().Select(uuid => (uuid, Name: $"{g.Tenant}/{g.Name}")))
        .ToLookup(x => x.uuid, x => x.Name);

    private VmRecord Record(VmPlace place, ILookup<string, string> groups)
    {
        var host = rooms.Registry.Find(place.Host);
        var guards = Guards(place.Host);
        var nics = place.Info.Nics.OrderBy(n => n.Index).Select(n => Nic(place, n, host, guards)).ToList();
        return new(place.Vm.Name, place.Vm.Uuid, place.Vm.Tenant, place.Vm.Labels, host?.Name ?? place.Host,
            place.Info.Running ? "running" : "off", Guarded(place, guards), nics, [.. groups[place.Vm.Uuid].Order(StringComparer.Ordinal)]);
    }

    private Dictionary<NicKey, Merlon.Policy.Resolve.NicGuard> Guards(string host)
    {
        if (!state.Plans.TryGetValue(host, out var plan)) return [];
        return plan.Policy.Nics.ToDictionary(n => plan.Policy.Endpoints[n.Endpoint].Key, n => n.Guard);
    }

    private static string Guarded(VmPlace place, Dictionary<NicKey, Merlon.Policy.Resolve.NicGuard> guards)
    {
        var found = place.Vm.Nics.Select(n => guards.GetValueOrDefault(new NicKey(place.Vm.Uuid, n.Index))).ToImmutableArray();
        if (found.All(g => g is null)) return "no";
        if (found.Any(g => g is null)) return "partly";
        return found.All(g => g!.Mode == Enforcement.Observe) ? "observe" : "yes";
    }

    private NicRecord Nic(VmPlace place, NicInfo nic, Agents.HostState? host, Dictionary<NicKey, Merlon.Policy.Resolve.NicGuard> guards)
    {
        var key = new NicKey(place.Vm.Uuid, (int)nic.Index);
        var report = host?.Nics.FirstOrDefault(r => r.VmUuid == key.VmUuid && r.NicIndex == nic.Index);
        var guard = guards.GetValueOrDefault(key);
        var desired = guard is null ? null : state.Plans[place.Host].Digests.GetValueOrDefault(key);
        var problem = Text(report?.Problem) ?? (guard is null ? null : Text(nic.CannotGuard));
        return new((int)nic.Index, nic.Mac, nic.Network, Text(nic.Ifname), [.. nic.Addresses], guard?.Name, report?.Attached ?? false,
            desired, Text(report?.RulesetDigest), problem, place.Vm.Name);
    }

    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
