using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>The vNICs at the two ends of a question; null = an outside host.</summary>
public readonly record struct FlowParties(VmNic? From, VmNic? To)
{
    /// <summary>A bare address that is declared in the other end's realm is that vNIC.</summary>
    public static FlowParties Of(VmInventory inventory, in FlowQuestion question)
    {
        var from = question.From.Nic is { } f ? inventory.Find(f) : null;
        var to = question.To.Nic is { } t ? inventory.Find(t) : null;
        from ??= question.From.Nic is null ? inventory.Owner(to?.Nic.Realm ?? InventoryNic.DefaultRealm, question.From.Address) : null;
        to ??= question.To.Nic is null ? inventory.Owner(from?.Nic.Realm ?? InventoryNic.DefaultRealm, question.To.Address) : null;
        return new(from, to);
    }

    /// <summary>Two guarded ends know each other by their vNICs when both sit on one segment of one host; else by address. A trunk port has
    /// a segment of its own.</summary>
    public bool Near(bool fromTrunk, bool toTrunk) => !fromTrunk && !toTrunk && From is not null && To is not null && From.Vm.Host == To.Vm.Host && From.Nic.Network == To.Nic.Network;
}
