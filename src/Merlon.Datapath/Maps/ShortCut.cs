using Merlon.Datapath.Abi;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>ways</c>, and the lease under which the program believes it. Packets of established connections between two ways of one
/// domain are judged once, and most of them skip the bridge (docs/packet-path.md, One look). Nobody holds a lease: all of them take the bridge
/// and meet both hooks.</summary>
public sealed class ShortCut
{
    public static readonly TimeSpan LongestLease = TimeSpan.FromSeconds(2);
    private readonly KernelMap _ways;
    private readonly ControlTable _control;
    private readonly Lock _gate = new();
    private Dictionary<uint, WayRecord> _have;
    private TimeSpan _lease;

    internal ShortCut(KernelMap ways, ControlTable control)
    {
        (_ways, _control) = (ways, control);
        _have = ways.ReadAll<uint, WayRecord>().Where(w => w.Value.Ifindex != 0).ToDictionary();
    }

    /// <summary>Whether any frame of this host may skip the bridge.</summary>
    public bool On
    {
        get => (_control.Flags & ControlFlags.NoShortCut) == 0;
        set => _control.Flags = value ? _control.Flags & ~ControlFlags.NoShortCut : _control.Flags | ControlFlags.NoShortCut;
    }

    /// <summary>What <see cref="Set"/> said last holds for so long from now, at most <see cref="LongestLease"/>.</summary>
    public void Renew(TimeSpan lease)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lease, LongestLease);
        lock (_gate) _control.Lease(_lease = lease);
    }

    /// <summary>These are the ways from now on, and no others. Nothing changes: nothing is written. Else no packet takes the short cut while they
    /// are written, and every connection is looked at by both its hooks before its next packet takes it.</summary>
    /// <returns>Whether anything changed.</returns>
    public bool Set(IEnumerable<Way> ways)
    {
        lock (_gate)
        {
            var wanted = new Dictionary<uint, WayRecord>();
            // Two ports of one slot: the later one has no short cut.
            foreach (var way in ways.OrderBy(w => w.Ifindex)) wanted.TryAdd(Slot(way.Ifindex), way.Record);
            var changed = wanted.Where(w => !_have.TryGetValue(w.Key, out var old) || !Same(old, w.Value)).Select(w => w.Key)
                .Concat(_have.Keys.Where(k => !wanted.ContainsKey(k))).ToList();
            if (changed.Count == 0) return false;
            _control.Lease(TimeSpan.Zero);
            _control.BumpTopology();
            foreach (var slot in changed) _ways.Update(slot, wanted.GetValueOrDefault(slot));
            _have = wanted;
            _control.BumpTopology();
            _control.Lease(_lease);
            return true;
        }
    }

    private static uint Slot(int ifindex) => (uint)ifindex & (AbiLimits.Ways - 1);

    private static bool Same(WayRecord a, WayRecord b) =>
        (a.Ifindex, a.Incarnation, a.Vnic, a.Domain, a.Segment, a.Mtu, a.Mac.ToMac(), a.Flags) == (b.Ifindex, b.Incarnation, b.Vnic, b.Domain, b.Segment, b.Mtu, b.Mac.ToMac(), b.Flags);
}
