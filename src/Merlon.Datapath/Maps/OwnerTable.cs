using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>owners</c>: which vNIC an address of a realm belongs to. What antiSpoof checks sources against.</summary>
public sealed class OwnerTable
{
    private readonly KernelMap _map;

    internal OwnerTable(KernelMap map) => _map = map;

    public void Set(uint realm, Address address, uint vnic) => _map.Update(new OwnerKey(address, realm), new OwnerRecord { Vnic = vnic });

    public bool TryGet(uint realm, Address address, out uint vnic)
    {
        var found = _map.TryLookup(new OwnerKey(address, realm), out OwnerRecord owner);
        vnic = owner.Vnic;
        return found;
    }

    public bool Remove(uint realm, Address address) => _map.Delete(new OwnerKey(address, realm));

    public IReadOnlyList<(uint Realm, Address Address, uint Vnic)> List() =>
        [.. _map.ReadAll<OwnerKey, OwnerRecord>().Select(e => (e.Key.Realm, e.Key.Address.ToAddress(), e.Value.Vnic))];
}
