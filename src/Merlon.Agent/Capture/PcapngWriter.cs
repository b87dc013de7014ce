using System.Buffers.Binary;
using System.Text;
using Merlon.Datapath.Abi;

namespace Merlon.Agent.Capture;

/// <summary>Writes pcapng blocks (draft-ietf-opsawg-pcapng): one interface for each vNIC, one enhanced packet block for each frame,
/// with what became of it as its comment, and how many frames were lost as interface statistics.</summary>
/// <param name="snap">The most that is written of a frame, in bytes.</param>
internal sealed class PcapngWriter(Stream stream, int snap)
{
    private const uint SectionHeader = 0x0a0d0d0a, InterfaceDescription = 1, InterfaceStatistics = 5, EnhancedPacket = 6;
    private const ushort Comment = 1, UserApplication = 4, InterfaceName = 2, TimeResolution = 9, PacketFlags = 2, InterfaceDrops = 5;
    private const ushort Ethernet = 1;
    private const int Macs = 12, Tag = 4;
    private readonly Dictionary<uint, uint> _interfaces = [];

    public void Start(string application)
    {
        var body = new MemoryStream();
        Number(body, 0x1a2b3c4d);
        Short(body, 1);
        Short(body, 0);
        body.Write(BitConverter.GetBytes(-1L)); // the section's length: not known
        Option(body, UserApplication, Encoding.UTF8.GetBytes(application));
        End(SectionHeader, body);
    }

    /// <param name="name">Of the frame's vNIC.</param>
    /// <param name="comment">What became of it.</param>
    /// <param name="unixNs">When the filter saw it.</param>
    public void Frame(in CaptureRecord frame, Func<uint, string> name, string comment, ulong unixNs)
    {
        var body = new MemoryStream();
        var tagged = frame.VlanType != 0 && frame.Captured >= Macs;
        Number(body, InterfaceOf(frame.Vnic, name));
        Time(body, unixNs);
        ReadOnlySpan<byte> bytes = frame.Frame;
        bytes = bytes[..Math.Min(frame.Captured, bytes.Length)];
        Span<byte> whole = stackalloc byte[bytes.Length + Tag];
        bytes.CopyTo(whole);
        if (tagged) PutTag(whole, bytes, frame.VlanType, frame.Vlan);
        whole = whole[..Math.Min(tagged ? whole.Length : bytes.Length, snap)];
        Number(body, (uint)whole.Length);
        Number(body, frame.Length + (tagged ? Tag : 0u));
        Padded(body, whole);
        Option(body, Comment, Encoding.UTF8.GetBytes(comment));
        // Inbound, of the host's interface: what the VM sent.
        Option(body, PacketFlags, BitConverter.GetBytes(frame.In == 0 ? 1 : 2));
        End(EnhancedPacket, body);
    }

    /// <summary>Frames that were not captured so far, of all interfaces together: told of the first.</summary>
    public void Lost(ulong frames, ulong unixNs, Func<uint, string> name, uint vnic)
    {
        var body = new MemoryStream();
        Number(body, InterfaceOf(vnic, name));
        Time(body, unixNs);
        Option(body, InterfaceDrops, BitConverter.GetBytes(frames));
        End(InterfaceStatistics, body);
    }

    private uint InterfaceOf(uint vnic, Func<uint, string> name)
    {
        if (_interfaces.TryGetValue(vnic, out var known)) return known;
        var body = new MemoryStream();
        Short(body, Ethernet);
        Short(body, 0);
        Number(body, (uint)snap);
        Option(body, InterfaceName, Encoding.UTF8.GetBytes(name(vnic)));
        Option(body, TimeResolution, [9]); // nanoseconds
        End(InterfaceDescription, body);
        return _interfaces[vnic] = (uint)_interfaces.Count;
    }

    private static void PutTag(Span<byte> whole, ReadOnlySpan<byte> bytes, ushort type, ushort tci)
    {
        bytes[Macs..].CopyTo(whole[(Macs + Tag)..]);
        BinaryPrimitives.WriteUInt16BigEndian(whole[Macs..], type);
        BinaryPrimitives.WriteUInt16BigEndian(whole[(Macs + 2)..], tci);
    }

    private void End(uint type, MemoryStream body)
    {
        Number(body, 0); // opt_endofopt
        var length = (uint)body.Length + 12;
        Number(stream, type);
        Number(stream, length);
        body.WriteTo(stream);
        Number(stream, length);
    }

    private static void Time(Stream to, ulong unixNs)
    {
        Number(to, (uint)(unixNs >> 32));
        Number(to, (uint)unixNs);
    }

    private static void Option(Stream to, ushort code, ReadOnlySpan<byte> value)
    {
        value = value[..Math.Min(value.Length, ushort.MaxValue)];
        Short(to, code);
        Short(to, (ushort)value.Length);
        Padded(to, value);
    }

    private static void Padded(Stream to, ReadOnlySpan<byte> value)
    {
        to.Write(value);
        for (var n = value.Length; n % 4 != 0; n++) to.WriteByte(0);
    }

    private static void Number(Stream to, uint value) => to.Write(BitConverter.GetBytes(value));

    private static void Short(Stream to, ushort value) => to.Write(BitConverter.GetBytes(value));
}
