using System.Buffers.Binary;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Migration.Connections;

/// <summary>One connection of a VM as it travels: seen from the VM, in names and durations; nothing of a host.</summary>
/// <param name="Nic">Index of the VM's interface.</param>
/// <param name="Vlan">As in <see cref="ConnKey6"/>.</param>
internal readonly record struct CarriedConnection(
    ushort Nic, byte Proto, CarriedFlags Flags, byte LocalScale, byte RemoteScale, uint Vlan, Address Local, Address Remote, ushort LocalPort, ushort RemotePort,
    ConnWindow LocalWindow, ConnWindow RemoteWindow, uint LocalMaxAck, uint RemoteMaxAck, ulong LocalPackets, ulong RemotePackets, ulong LocalBytes, ulong RemoteBytes,
    ulong AgeMs, uint IdleMs, uint RemainingMs)
{
    private const CarriedFlags Known = CarriedFlags.Opened | CarriedFlags.LocalFin | CarriedFlags.RemoteFin | CarriedFlags.LogClose | CarriedFlags.ScaleOk | CarriedFlags.Liberal;
    private const byte MostScale = 14; // RFC 7323 2.3
    private const ulong MostAgeMs = 10UL * 366 * 24 * 3600 * 1000;

    /// <param name="nowNs">Of the boot clock, read after the entry.</param>
    public static CarriedConnection From(in HeldConnection held, ushort nic, ulong nowNs)
    {
        var (key, c, own, other) = (held.Key, held.Record, held.Side, 1 - held.Side);
        var (a, b) = ((Address: key.AddrA.ToAddress(), Port: Swap(key.PortA)), (Address: key.AddrB.ToAddress(), Port: Swap(key.PortB)));
        var (local, remote) = own == 0 ? (a, b) : (b, a);
        var now = (uint)(nowNs / 1_000_000);
        // Clocks of two kinds and two roundings: a connection that is as old as it is idle must not seem the younger, nor one in its last millisecond be over.
        var age = Math.Min(nowNs - Math.Min(c.CreatedNs, nowNs), MostAgeMs * 1_000_000) / 1_000_000;
        var idle = Math.Min((uint)Math.Max(0, (int)(now - c.LastMs)), age);
        return new(nic, key.Proto, FlagsOf(c.Flags, own), ScaleOf(c.Scale, own), ScaleOf(c.Scale, other), key.Vlan, local.Address, remote.Address, local.Port, remote.Port,
            c.Window[own], c.Window[other], c.MaxAck[own], c.MaxAck[other], c.Packets[own], c.Packets[other], c.Bytes[own], c.Bytes[other],
            age, (uint)idle, (uint)Math.Max(1, (int)(c.Expires - now)));
    }

    /// <summary>As this host's kernel takes it, at the VM's own vNIC.</summary>
    public HeldConnection At(ushort segment, uint vnic, ushort budget)
    {
        var own = OwnSide;
        var other = 1 - own;
        var (a, b) = own == 0 ? ((Local, LocalPort), (Remote, RemotePort)) : ((Remote, RemotePort), (Local, LocalPort));
        var key = new ConnKey6
        {
            Segment = segment,
            Proto = Proto,
            Vlan = Vlan,
            AddrA = AddressBytes.From(a.Item1),
            AddrB = AddressBytes.From(b.Item1),
            PortA = Swap(a.Item2),
            PortB = Swap(b.Item2),
        };
        var c = new ConnRecord
        {
            Flags = KernelFlags(own),
            Scale = (byte)(LocalScale << (4 * own) | RemoteScale << (4 * other)),
            Vm = budget,
            Expires = RemainingMs,
            CreatedNs = AgeMs * 1_000_000,
            LastMs = IdleMs,
        };
        c.Side[own].Vnic = vnic;
        (c.Window[own], c.Window[other], c.MaxAck[own], c.MaxAck[other]) = (LocalWindow, RemoteWindow, LocalMaxAck, RemoteMaxAck);
        (c.Packets[own], c.Packets[other], c.Bytes[own], c.Bytes[other]) = (LocalPackets, RemotePackets, LocalBytes, RemoteBytes);
        return new(key, c, own);
    }

    /// <summary>It says nothing that no connection could be; whose it is, is another question.</summary>
    public bool IsSound => (Flags & ~Known) == 0 && LocalScale <= MostScale && RemoteScale <= MostScale && AgeMs <= MostAgeMs && IdleMs <= AgeMs
        && RemainingMs > 0 && Local.Family == Remote.Family && Local != Remote && Remote.IsOwnable
        && (Proto == Protocols.Tcp || (Flags & (CarriedFlags.LocalFin | CarriedFlags.RemoteFin | CarriedFlags.ScaleOk)) == 0);

    // The kernel's order of ends: a is the lower (address, port); IPv4 below its own family's, and never beside IPv6.
    private int OwnSide => Local.Bits != Remote.Bits ? Local.Bits > Remote.Bits ? 1 : 0 : LocalPort > RemotePort ? 1 : 0;

    private static byte ScaleOf(byte scale, int side) => (byte)(scale >> (4 * side) & 15);

    private static ushort Swap(ushort port) => BinaryPrimitives.ReverseEndianness(port);

    private static CarriedFlags FlagsOf(ConnFlags flags, int own)
    {
        bool Has(ConnFlags flag) => (flags & flag) != 0;
        return (Has(ConnFlags.InitiatorB) == (own == 1) ? CarriedFlags.Opened : 0) | (Has(own == 0 ? ConnFlags.FinA : ConnFlags.FinB) ? CarriedFlags.LocalFin : 0)
            | (Has(own == 0 ? ConnFlags.FinB : ConnFlags.FinA) ? CarriedFlags.RemoteFin : 0) | (Has(ConnFlags.LogClose) ? CarriedFlags.LogClose : 0)
            | (Has(ConnFlags.ScaleOk) ? CarriedFlags.ScaleOk : 0) | (Has(ConnFlags.Liberal) ? CarriedFlags.Liberal : 0);
    }

    private ConnFlags KernelFlags(int own)
    {
        var flags = Flags;
        bool Has(CarriedFlags flag) => (flags & flag) != 0;
        return (Has(CarriedFlags.Opened) == (own == 1) ? ConnFlags.InitiatorB : 0) | (Has(CarriedFlags.LocalFin) ? own == 0 ? ConnFlags.FinA : ConnFlags.FinB : 0)
            | (Has(CarriedFlags.RemoteFin) ? own == 0 ? ConnFlags.FinB : ConnFlags.FinA : 0) | (Has(CarriedFlags.LogClose) ? ConnFlags.LogClose : 0)
            | (Has(CarriedFlags.ScaleOk) ? ConnFlags.ScaleOk : 0) | (Has(CarriedFlags.Liberal) ? ConnFlags.Liberal : 0);
    }
}
