using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>Who is in a group now.</summary>
public static class GroupMembers
{
    /// <summary>The vNICs of the inventory that belong to the group by identity, in the inventory's order.</summary>
    public static IEnumerable<VmNic> Of(PolicySet policy, GroupDocument group, VmInventory inventory)
    {
        var membership = new PlainMembership(policy);
        var reference = new Reference(ReferenceKind.Group, group.Tenant, group.Name, default, 0, group.Position);
        return inventory.Nics.Where(nic => membership.AnyOfNic(group.Tenant, [reference], nic));
    }
}
