using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>licences</c>: what a vNIC may claim beside its own addresses and MAC, and its slot.</summary>
public sealed class LicenceTable
{
    private readonly KernelMap _map;

    internal LicenceTable(KernelMap map) => _map = map;

    public void Set(uint vnic, ushort slot, Licence licence) => _map.Update(vnic, LicenceRecord.Of(licence, slot));

    public bool Remove(uint vnic) => _map.Delete(vnic);

    public IReadOnlyDictionary<uint, (ushort Slot, Licence Licence)> List() =>
        _map.ReadAll<uint, LicenceRecord>().ToDictionary(e => e.Key, e => ((ushort)e.Value.Slot, e.Value.ToLicence()));
}
