using System.Buffers.Binary;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>Maps <c>conn4 conn6 half4 half6</c>. The program makes and buries entries; the agent reads and expires them.</summary>
public sealed class ConnectionTable
{
    private readonly KernelMap _conn4, _conn6, _half4, _half6;

    internal ConnectionTable(KernelMap conn4, KernelMap conn6, KernelMap half4, KernelMap half6) =>
        (_conn4, _conn6, _half4, _half6) = (conn4, conn6, half4, half6);

    /// <summary>Every live entry: dead and expired ones, and half-open ones that were promoted, are left out.</summary>
    public IReadOnlyList<ConnectionEntry> List()
    {
        var entries = new List<ConnectionEntry>();
        List4(_conn4, half: false, entries);
        List4(_half4, half: true, entries);
        List6(_conn6, half: false, entries);
        List6(_half6, half: true, entries);
        return entries;
    }

    /// <summary>A vNIC left this host: its entries expire now and the timer buries them, closing events and all. Where the
    /// other end is a guarded vNIC here, only the leaver's side is cleared. Returns how many entries were touched.</summary>
    public int RemoveVnic(uint vnic)
    {
        ArgumentOutOfRangeException.ThrowIfZero(vnic);
        return RemoveVnic<ConnKey4>(_conn4, vnic) + RemoveVnic<ConnKey4>(_half4, vnic)
            + RemoveVnic<ConnKey6>(_conn6, vnic) + RemoveVnic<ConnKey6>(_half6, vnic);
    }

    private static int RemoveVnic<TKey>(KernelMap map, uint vnic) where TKey : unmanaged
    {
        var touched = 0;
        foreach (var (key, listed) in map.ReadAll<TKey, ConnRecord>(Bpf.WithLock))
        {
            var side = listed.Side[0].Vnic == vnic ? 0 : listed.Side[1].Vnic == vnic ? 1 : -1;
            // Read again right before the write: packets counted in between are lost to the totals, so keep that short.
            if (side < 0 || !Alive(listed) || !map.TryLookup(key, out ConnRecord entry, Bpf.WithLock)) continue;
            if (entry.Side[1 - side].Vnic == 0 || entry.Side[1 - side].Vnic == vnic) entry.Expires = BootClock.NowMs - 1;
            else entry.Side[side] = default;
            // An entry that the timer buried meanwhile stays buried: BPF_EXIST.
            if (map.TryUpdate(key, entry, Bpf.UpdateExisting | Bpf.WithLock) == 0) touched++;
        }
        return touched;
    }

    private static bool Alive(in ConnRecord value) => value.State is not (ConnState.Dead or ConnState.Gone) && (int)(value.Expires - BootClock.NowMs) > 0;

    private static bool Listed(in ConnRecord value, bool half) => Alive(value) && !(half && (value.Flags & ConnFlags.Promoted) != 0);

    private static void List4(KernelMap map, bool half, List<ConnectionEntry> into)
    {
        foreach (var (key, value) in map.ReadAll<ConnKey4, ConnRecord>(Bpf.WithLock))
            if (Listed(value, half))
                into.Add(ConnectionEntry.From(key.Segment, key.Proto, (V4(key.AddrA), Host(key.PortA)), (V4(key.AddrB), Host(key.PortB)), value, half));
    }

    private static void List6(KernelMap map, bool half, List<ConnectionEntry> into)
    {
        foreach (var (key, value) in map.ReadAll<ConnKey6, ConnRecord>(Bpf.WithLock))
            if (Listed(value, half))
                into.Add(ConnectionEntry.From(
                    key.Segment, key.Proto, (key.AddrA.ToAddress(), Host(key.PortA)), (key.AddrB.ToAddress(), Host(key.PortB)), value, half));
    }

    private static Address V4(uint networkOrder) => new(BinaryPrimitives.ReverseEndianness(networkOrder), AddressFamily.IPv4);

    private static ushort Host(ushort networkOrder) => BinaryPrimitives.ReverseEndianness(networkOrder);
}
