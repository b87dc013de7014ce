using Merlon.Agent.Guests;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Migration;

/// <summary>A policy of one VM by which nothing passes at any interface of it; one that cannot be guarded keeps it from starting.</summary>
internal static class DefaultDeny
{
    public static HostPolicy Of(Guest guest)
    {
        var nics = guest.Nics.OrderBy(n => n.Index).ToList();
        return Of(HostPolicy.Empty with
        {
            Endpoints = [.. nics.Select(n => new PolicyEndpoint(new(guest.Uuid, n.Index), guest.Name, "", InventoryNic.DefaultRealm, []))],
            Nics = [.. nics.Select((n, i) => new PolicyNic(i, MacAddress.TryParse(n.Mac, out var mac) ? mac : default, n.Network, NicGuard.Default, 0, 1))],
        });
    }

    /// <summary>The interfaces that a policy guards, without its rules.</summary>
    public static HostPolicy Of(HostPolicy policy) => policy with
    {
        Nics = [.. policy.Nics.Select(n => n with { Guard = NicGuard.Default, OutRules = 0, InRules = 1 })],
        Sets = [],
        RuleLists = [new(Direction.Out, [], RuleAction.Deny), new(Direction.In, [], RuleAction.Deny)],
    };
}
