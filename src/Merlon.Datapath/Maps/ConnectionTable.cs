using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>Maps <c>conn4 conn6 half4 half6</c>. The program alone changes them; the agent reads, and says which vNIC left.</summary>
public sealed class ConnectionTable
{
    private readonly KernelMap _conn4, _conn6, _half4, _half6;
    private readonly KernelCall _removeVnic, _bring;

    internal ConnectionTable(KernelMap conn4, KernelMap conn6, KernelMap half4, KernelMap half6, KernelCall removeVnic, KernelCall bring) =>
        (_conn4, _conn6, _half4, _half6, _removeVnic, _bring) = (conn4, conn6, half4, half6, removeVnic, bring);

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

    /// <summary>A vNIC left this host: entries that only it held expire now and the timer tells them (port-removed). Where the
    /// other end is a guarded vNIC here, only the leaver's approval is cleared. Returns how many entries were touched.</summary>
    public int RemoveVnic(uint vnic)
    {
        ArgumentOutOfRangeException.ThrowIfZero(vnic);
        return _removeVnic.Run(vnic);
    }

    /// <summary>Established connections that these vNICs hold, as the kernel has them; one between two of them stands there for each.</summary>
    public IReadOnlyList<HeldConnection> Held(IReadOnlySet<uint> vnics)
    {
        var held = new List<HeldConnection>();
        foreach (var (key, value) in _conn4.ReadAll<ConnKey4, ConnRecord>(Bpf.WithLock))
            AddHeld(new() { Segment = key.Segment, Proto = key.Proto, Vlan = key.Vlan, PortA = key.PortA, PortB = key.PortB, AddrA = AddressBytes.From(V4(key.AddrA)), AddrB = AddressBytes.From(V4(key.AddrB)) }, value);
        foreach (var (key, value) in _conn6.ReadAll<ConnKey6, ConnRecord>(Bpf.WithLock)) AddHeld(key, value);
        return held;

        void AddHeld(in ConnKey6 key, in ConnRecord value)
        {
            if (!Alive(value)) return;
            for (var side = 0; side < 2; side++)
                if (vnics.Contains(value.Side[side].Vnic) && (value.Left & 1 << side) == 0) held.Add(new(key, value, side));
        }
    }

    /// <summary>A connection that came inside a VM: unapproved at its side, known to nobody else. The other end's guarded vNIC, if it is here and
    /// holds the connection, keeps its entry as it is.</summary>
    /// <param name="connection">Instants are durations: <c>Expires</c>, <c>CreatedNs</c> and <c>LastMs</c> say how much longer and how long ago. Only
    /// what describes the connection and the VM's own side is filled.</param>
    public Brought Bring(in HeldConnection connection)
    {
        var record = connection.Record;
        record.Left = (ushort)(AbiLimits.Brought << connection.Side);
        Span<byte> packet = stackalloc byte[KernelCall.HeaderBytes + Unsafe.SizeOf<ConnKey6>() + Unsafe.SizeOf<ConnRecord>()];
        packet.Clear();
        MemoryMarshal.Write(packet[KernelCall.HeaderBytes..], connection.Key);
        MemoryMarshal.Write(packet[(KernelCall.HeaderBytes + Unsafe.SizeOf<ConnKey6>())..], record);
        var result = _bring.Run(0, packet);
        return result <= 1 ? new(result == 1, Reason.None) : new(false, (Reason)result);
    }

    private static bool Alive(in ConnRecord value) => value.State is not (ConnState.Dead or ConnState.Gone) && (int)(value.Expires - BootClock.NowMs) > 0;

    private static bool Listed(in ConnRecord value, bool half) => Alive(value) && !(half && (value.Flags & ConnFlags.Promoted) != 0);

    private static void List4(KernelMap map, bool half, List<ConnectionEntry> into)
    {
        foreach (var (key, value) in map.ReadAll<ConnKey4, ConnRecord>(Bpf.WithLock))
            if (Listed(value, half))
                into.Add(ConnectionEntry.From(key.Segment, key.Vlan, key.Proto, (V4(key.AddrA), Host(key.PortA)), (V4(key.AddrB), Host(key.PortB)), value, half));
    }

    private static void List6(KernelMap map, bool half, List<ConnectionEntry> into)
    {
        foreach (var (key, value) in map.ReadAll<ConnKey6, ConnRecord>(Bpf.WithLock))
            if (Listed(value, half))
                into.Add(ConnectionEntry.From(
                    key.Segment, key.Vlan, key.Proto, (key.AddrA.ToAddress(), Host(key.PortA)), (key.AddrB.ToAddress(), Host(key.PortB)), value, half));
    }

    private static Address V4(uint networkOrder) => new(BinaryPrimitives.ReverseEndianness(networkOrder), AddressFamily.IPv4);

    private static ushort Host(ushort networkOrder) => BinaryPrimitives.ReverseEndianness(networkOrder);
}
