using System.Collections.Immutable;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>What all hosts have at one instant. Images are compiled only of those that are asked to judge.</summary>
/// <param name="at">Unix seconds.</param>
internal sealed class AllHosts(VmInventory vms, ImmutableDictionary<string, HostPlan> plans, long at)
{
    private readonly Dictionary<string, Dictionary<NicKey, BoundNic>?> _bound = [];

    public VmInventory Vms => vms;

    public long At => at;

    public ImageEngine Images { get; } = new(vms, (host, instant) => plans[host].Policy.At(instant));

    /// <summary>How a vNIC is guarded; null = it is not.</summary>
    public BoundNic? Bound(VmNic nic) => Nics(nic.Vm.Host)?.GetValueOrDefault(nic.Key);

    /// <inheritdoc cref="Bound(VmNic)"/>
    public BoundNic? Bound(NicKey key) => vms.Find(key) is { } nic ? Bound(nic) : null;

    /// <summary>False = its host's policy is over a limit: it keeps an older one.</summary>
    public bool Knows(VmNic nic) => Nics(nic.Vm.Host) is not null;

    private Dictionary<NicKey, BoundNic>? Nics(string host)
    {
        if (!_bound.TryGetValue(host, out var nics)) _bound.Add(host, nics = plans.GetValueOrDefault(host)?.BoundAt(at));
        return nics;
    }
}
