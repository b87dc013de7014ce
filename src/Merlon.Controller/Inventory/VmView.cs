using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Agents;
using Merlon.Controller.Rules;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Inventory;

/// <summary>VMs as the API tells them: what the hosts said, what the policy wants, what the agents read back.</summary>
internal sealed class VmView(Applier applier, HostRegistry registry, TimeProvider clock)
{
    public IReadOnlyList<VmRecord> All()
    {
        var state = applier.State;
        var groups = Groups(state);
        return [.. state.Vms.Vms.OrderBy(v => v.Name, StringComparer.Ordinal).ThenBy(v => v.Uuid, StringComparer.Ordinal).Select(v => Vm(state, v, groups))];
    }

    /// <summary>By name, UUID or vnet name; null = no such VM.</summary>
    public VmRecord? Find(string name)
    {
        var state = applier.State;
        if (state.Inventory.Find(name) is not { } place) return null;
        return Vm(state, state.Vms.Vms.First(v => v.Uuid == place.Vm.Uuid), Groups(state));
    }

    /// <summary>UUID of a VM of that name; the text itself when there is none now (flows outlive VMs).</summary>
    public string UuidOrText(string name) => applier.State.Inventory.Find(name)?.Vm.Uuid ?? name;

    private static ILookup<string, string> Groups(PolicyState state) =>
        state.Set.Groups.SelectMany(g => GroupMembers.Of(state.Set, g, state.Vms).Select(n => n.Vm.Uuid).Distinct().Select(uuid => (uuid, Name: $"{g.Tenant}/{g.Name}")))
            .ToLookup(x => x.uuid, x => x.Name);

    private VmRecord Vm(PolicyState state, InventoryVm vm, ILookup<string, string> groups)
    {
        var place = state.Inventory.Places[vm.Uuid];
        var host = registry.Find(place.Host);
        var plan = state.Plans.GetValueOrDefault(place.Host);
        var nics = vm.Nics.Select(nic => (Record: Nic(state, place, host, plan, nic), Guard: GuardOf(plan, new(vm.Uuid, nic.Index)))).ToList();
        return new(vm.Name, vm.Uuid, vm.Tenant, vm.Labels, host?.Name ?? place.Host, place.Info.Running ? "running" : "off",
            Guarded(place, nics), [.. nics.Select(n => n.Record)], [.. groups[vm.Uuid]]);
    }

    private static string Guarded(VmPlace place, List<(NicRecord Record, NicGuard? Guard)> nics)
    {
        // An interface of a VM that is off has no tap to be on: wanted is all it can be.
        var guarded = nics.Where(n => n.Guard is not null && (n.Record.Attached || !place.Info.Running)).ToList();
        if (guarded.Count == 0) return "no";
        if (guarded.Count < nics.Count) return "partly";
        return guarded.TrueForAll(n => n.Guard!.Mode == Enforcement.Observe) ? "observe" : "yes";
    }

    private NicRecord Nic(PolicyState state, VmPlace place, HostState? host, HostPlan? plan, InventoryNic nic)
    {
        var key = new NicKey(place.Vm.Uuid, nic.Index);
        var info = place.Info.Nics.First(n => n.Index == nic.Index);
        var report = host?.Nics.FirstOrDefault(r => r.VmUuid == key.VmUuid && r.NicIndex == nic.Index);
        var (wanted, kernel, inside) = (plan?.Digests.At(ToldAt(host))?.GetValueOrDefault(key), Filled(report?.RulesetDigest), Filled(report?.EmbeddedDigest));
        return new(nic.Index, nic.Mac.ToString(), nic.Network, Filled(info.Ifname), [.. nic.Addresses.Select(a => a.ToString())],
            GuardOf(plan, key)?.Name, report?.Attached ?? false, wanted, kernel,
            Problem(state, place, info, report, host, key), EmbeddedDigest: inside,
            Drift: wanted is null ? null : [.. Drift("kernel", place.Info.Running && kernel != wanted), .. Drift("inside", inside != wanted)],
            AdoptsUntil: DateTimeOffset.FromUnixTimeSeconds(report?.AdoptsUntil ?? 0) is var until && until > DateTimeOffset.UtcNow ? until : null);
    }

    // The last word of a host that is away is of then.
    private long ToldAt(HostState? host) => (host is { Connected: false } ? host.LastSeen : clock.GetUtcNow()).ToUnixTimeSeconds();

    private static string[] Drift(string place, bool differs) => differs ? [place] : [];

    // A claim within one host its agent has refused already, one across hosts is refused here.
    private static string? Problem(PolicyState state, VmPlace place, NicInfo info, NicReport? report, HostState? host, NicKey key)
    {
        var refused = state.Inventory.Refused.Where(c => c.Claimant == key).Select(c => (Address: c.Address.ToString(), Owner: c.OwnerVm))
            .Concat((host?.Claims ?? []).Where(c => c.Claimant == place.Vm.Name).Select(c => (c.Address, c.Owner)))
            .Select(c => $"address {c.Address} belongs to {c.Owner}");
        string?[] all = [Filled(report?.Problem), Filled(info.CannotGuard), .. refused, .. place.Problems];
        var said = string.Join("; ", all.OfType<string>().Distinct());
        return said.Length > 0 ? said : null;
    }

    private static NicGuard? GuardOf(HostPlan? plan, NicKey key) =>
        plan?.Policy.Nics.FirstOrDefault(n => plan.Policy.Endpoints[n.Endpoint].Key == key)?.Guard;

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
