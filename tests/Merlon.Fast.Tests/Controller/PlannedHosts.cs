using System.Collections.Immutable;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;
using Merlon.Fast.Tests.Policy;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Two scenes as a controller plans them: what hosts have is of an earlier time.</summary>
internal static class PlannedHosts
{
    public static BothRevisions Of(Scene before, Scene after, long plannedAt = 0, long at = 0) => new(All(before, plannedAt, at), All(after, at, at));

    public static AllHosts All(Scene scene, long plannedAt, long at)
    {
        var view = new InventoryView(scene.Inventory, ImmutableSortedDictionary<string, VmPlace>.Empty, AddressOwners.Empty, AddressPins.Empty, [], ImmutableDictionary<string, ImmutableHashSet<string>>.Empty);
        return new(scene.Inventory, new PolicyCheck(plannedAt).Resolve(scene.Set, scene.Inventory, scene.Inventory.Vms.Select(v => v.Host).Distinct(), null, view), at);
    }
}
