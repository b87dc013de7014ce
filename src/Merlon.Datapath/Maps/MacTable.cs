using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>macs</c>: which guarded port is behind a MAC address of a segment.</summary>
public sealed class MacTable
{
    private readonly KernelMap _map;

    internal MacTable(KernelMap map) => _map = map;

    public void Set(ushort segment, MacAddress mac, int ifindex, uint vnic) =>
        _map.Update(new MacKey(mac, segment), new MacOwner { Ifindex = (uint)ifindex, Vnic = vnic });

    public bool TryGet(ushort segment, MacAddress mac, out MacOwner owner) => _map.TryLookup(new MacKey(mac, segment), out owner);

    public bool Remove(ushort segment, MacAddress mac) => _map.Delete(new MacKey(mac, segment));

    public IReadOnlyList<(ushort Segment, MacAddress Mac, MacOwner Owner)> List() =>
        [.. _map.ReadAll<MacKey, MacOwner>().Select(e => (e.Key.Segment, e.Key.Mac.ToMac(), e.Value))];
}
