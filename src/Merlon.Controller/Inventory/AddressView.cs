using Merlon.Contracts.Api;
using Merlon.Controller.Rules;

namespace Merlon.Controller.Inventory;

/// <summary>Addresses as the API tells them.</summary>
internal sealed class AddressView(Applier applier)
{
    public IReadOnlyList<AddressRecord> All()
    {
        var view = applier.State.Inventory;
        return [.. view.Owners.Owners.OrderBy(o => o.Key.Realm, StringComparer.Ordinal).ThenBy(o => o.Key.Address).Select(o =>
        {
            var pin = view.Pins.Pins.GetValueOrDefault(o.Key) is { } learned && learned.Nic == o.Value ? learned : null;
            return new AddressRecord(o.Key.Address.ToString(), o.Key.Realm, view.Places[o.Value.VmUuid].Vm.Name, o.Value.VmUuid, o.Value.Index,
                pin is null ? "declared" : AddressPins.Word(pin.By), pin?.Since, pin?.Until);
        })];
    }
}
