using Merlon.Datapath.Abi;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>ports</c>: what the program knows of each attached interface.</summary>
public sealed class PortTable
{
    private readonly KernelMap _map;

    internal PortTable(KernelMap map) => _map = map;

    /// <summary>Adds or replaces whole.</summary>
    public void Set(int ifindex, in PortRecord port) => _map.Update((uint)ifindex, port);

    public bool TryGet(int ifindex, out PortRecord port) => _map.TryLookup((uint)ifindex, out port);

    /// <summary>False when there was none. An attached interface without a record drops everything (no-port).</summary>
    public bool Remove(int ifindex) => _map.Delete((uint)ifindex);

    public IReadOnlyDictionary<int, PortRecord> List() =>
        _map.ReadAll<uint, PortRecord>().ToDictionary(e => (int)e.Key, e => e.Value);
}
