using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Inventory;

/// <summary>Tenant and labels in a VM's own metadata are proposals: they count where the Guard that binds the VM trusts them, for VMs that
/// none binds where all Guards do, and for interfaces attached by hand (root said so). Elsewhere the VM belongs to no tenant.</summary>
internal static class MetadataTrust
{
    public static VmInventory Of(PolicySet policy, InventoryView view)
    {
        if (policy.Guards.IsEmpty) return view.Vms;
        var bindings = GuardBindings.Of(policy, view.Vms);
        var everywhere = policy.Guards.All(g => g.TrustMetadata);
        bool Counts(InventoryVm vm)
        {
            if (view.Places[vm.Uuid].Info.ByHand) return true;
            var binding = vm.Nics.Select(n => bindings.GetValueOrDefault(new(vm.Uuid, n.Index))).OfType<GuardDocument>().ToList();
            return binding.Count == 0 ? everywhere : binding.TrueForAll(g => g.TrustMetadata);
        }

        return new([.. view.Vms.Vms.Select(vm => Counts(vm) ? vm : vm with { Tenant = "", Labels = vm.Labels.Clear() })]);
    }
}
