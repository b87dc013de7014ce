using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>One connection, both directions: <c>merlon_conn</c>, 128 bytes in two cache lines.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConnRecord
{
    // bpf_spin_lock: the kernel copies around it; user space only keeps its place.
    private readonly uint _lock;
    public ConnState State;
    public ConnFlags Flags;
    public byte Scale;
    public Reason EndReason;
    /// <summary>Milliseconds of the boot clock; wraps after 49 days.</summary>
    public uint Expires;
    public uint Topology;
    public Pair<ConnSide> Side;
    public Pair<ConnWindow> Window;
    public ushort Vm;
    /// <summary>Bit of each side whose vNIC has left this host; <see cref="AbiLimits.Brought"/> &lt;&lt; the side whose VM alone speaks for it.</summary>
    public byte Left;
    /// <summary>1 = nobody saw it open.</summary>
    public byte Adopted;
    /// <summary>Hash of the key.</summary>
    public uint Tag;
    public Pair<ulong> Packets;
    public Pair<ulong> Bytes;
    public ulong CreatedNs;
    public Pair<uint> Rule;
    public uint LastMs;
    /// <summary>Slots of <c>ways</c>, good for as long as <see cref="Topology"/> is.</summary>
    public Pair<ushort> Way;
    public Pair<uint> MaxAck;
}
