using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Which Guard document binds which vNIC, guarding or excluding it.</summary>
public static class GuardBindings
{
    /// <summary>vNICs that no document binds are left out.</summary>
    public static ImmutableDictionary<NicKey, GuardDocument> Of(PolicySet policy, VmInventory inventory)
    {
        var membership = new Membership(policy, inventory);
        var choice = new GuardChoice(policy, membership);
        var bindings = ImmutableDictionary.CreateBuilder<NicKey, GuardDocument>();
        for (var nic = 0; nic < membership.Atoms.Nics.Length; nic++)
            if (choice.Document(nic) is { } guard) bindings[membership.Atoms.Nics[nic].Key] = guard;
        return bindings.ToImmutable();
    }
}
