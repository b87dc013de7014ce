using Merlon.Controller.Inventory;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>One policy for every host. All but the few that a VM moves to or from see the same VMs.</summary>
internal sealed class HostResolver(PolicySet set, VmInventory vms, InventoryView view, long atUnixSeconds)
{
    private readonly Dictionary<VmInventory, Resolver> resolvers = new(ReferenceEqualityComparer.Instance);

    public IEnumerable<Diagnostic> Diagnostics => resolvers.Values.SelectMany(r => r.Diagnostics).Distinct();

    public HostPolicy Of(string host)
    {
        var here = view.At(host, vms);
        if (!resolvers.TryGetValue(here, out var resolver)) resolvers.Add(here, resolver = new(set, here, atUnixSeconds));
        return resolver.Of(host, 0);
    }
}
