using System.Buffers.Binary;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>Both ends and their ports, whoever speaks; an echo session has its id as both ports.</summary>
internal readonly record struct Conversation(uint Vlan, int Protocol, Address A, int PortA, Address B, int PortB)
{
    public static Conversation Of(uint vlan, int protocol, Address from, int fromPort, Address to, int toPort) =>
        (from, fromPort).CompareTo((to, toPort)) <= 0 ? new(vlan, protocol, from, fromPort, to, toPort) : new(vlan, protocol, to, toPort, from, fromPort);
}

/// <summary>The fragments of one datagram (RFC 791, RFC 8200 4.5).</summary>
internal readonly record struct Datagram(uint Vlan, Address From, Address To, uint Id, int Protocol);

/// <summary>A frame as a receiver's stack reads it, written from the RFCs alone. There is none for a frame that two stacks may
/// read differently: such a frame must never pass.</summary>
internal sealed class FrameReading
{
    private const int Fragment = 44;

    private FrameReading() { }

    /// <summary>Numbers of its tags, outermost first: at most two, each with 0x8000 where it is a service tag.</summary>
    public ushort[] Tags { get; private set; } = [];

    /// <summary>The network that the tags name; a priority tag names none.</summary>
    public uint Vlan => Tags.Aggregate((Value: 0u, Shift: 0), (v, t) => (v.Value | (uint)t << v.Shift, v.Shift + 16)).Value;

    /// <summary>Neither IPv4, IPv6 nor ARP.</summary>
    public int OtherType { get; private set; }

    public MacAddress DestinationMac { get; private set; }
    public MacAddress SourceMac { get; private set; }

    /// <summary>Sender of ARP, or source of the IP packet.</summary>
    public Address From { get; private set; }
    public Address To { get; private set; }
    public bool IsArp { get; private set; }
    public MacAddress ArpSender { get; private set; }
    public int Protocol { get; private set; }
    public int SourcePort { get; private set; }

    /// <summary>ICMP: type and code (<see cref="ServiceMatch"/>).</summary>
    public int DestinationPort { get; private set; }
    public Conversation? Talk { get; private set; }

    /// <summary>What an ICMP error quotes, and who had sent it.</summary>
    public (Conversation Talk, Address From)? Quoted { get; private set; }

    /// <summary>Whether anybody has it already is asked (RFC 4862 5.4).</summary>
    public Address? Probed { get; private set; }

    /// <summary>Of a neighbour advertisement.</summary>
    public Address? Target { get; private set; }
    public Datagram? Piece { get; private set; }

    /// <summary>A fragment behind the first: its ports are unknown.</summary>
    public bool IsLater { get; private set; }
    public bool IsMulticast => (DestinationMac.Bits >> 40 & 1) != 0;

    public static FrameReading? Of(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 14) return null;
        var r = new FrameReading { DestinationMac = Mac(frame), SourceMac = Mac(frame[6..]) };
        var type = Big16(frame[12..]);
        var body = frame[14..];
        while (type is 0x8100 or 0x88a8)
        {
            if (body.Length < 4 || r.Tags.Length == 2) return null;
            r.Tags = [.. r.Tags, (ushort)(Big16(body) & 0xfff | (type == 0x88a8 ? 0x8000 : 0))];
            type = Big16(body[2..]);
            body = body[4..];
        }
        r.OtherType = type;
        return type switch
        {
            0x0806 => r.Arp(body) ? r : null,
            0x0800 => r.V4(body) && r.From != r.To ? r : null,
            0x86dd => r.V6(body) && r.From != r.To ? r : null,
            _ => r,
        };
    }

    private bool Arp(ReadOnlySpan<byte> b)
    {
        if (b.Length < 28 || !b[..6].SequenceEqual<byte>([0, 1, 8, 0, 6, 4])) return false;
        (IsArp, OtherType, ArpSender, From, To) = (true, 0, Mac(b[8..]), Four(b[14..]), Four(b[24..]));
        return true;
    }

    private bool V4(ReadOnlySpan<byte> b)
    {
        if (b.Length < 20 || b[0] >> 4 != 4) return false;
        var (header, total) = ((b[0] & 15) * 4, (int)Big16(b[2..]));
        if (header < 20 || total < header || total > b.Length || !NoRoute(b[20..header])) return false;
        (OtherType, From, To, Protocol) = (0, Four(b[12..]), Four(b[16..]), b[9]);
        var (offset, more) = ((Big16(b[6..]) & 0x1fff) * 8, (b[6] & 0x20) != 0);
        return Pieces(offset, more, Big16(b[4..]), total - header) && (IsLater || Transport(b[header..total]));
    }

    // RFC 791 3.1: a source route makes the destination another than the header says.
    private static bool NoRoute(ReadOnlySpan<byte> options)
    {
        while (!options.IsEmpty && options[0] != 0)
        {
            if (options[0] == 1) options = options[1..];
            else if (options[0] is 131 or 137) return false;
            else if (options.Length < 2 || options[1] < 2 || options[1] > options.Length) return true; // no stack follows it
            else options = options[options[1]..];
        }
        return true;
    }

    private bool V6(ReadOnlySpan<byte> b)
    {
        if (b.Length < 40 || b[0] >> 4 != 6 || 40 + Big16(b[4..]) > b.Length) return false;
        (OtherType, From, To) = (0, Six(b[8..]), Six(b[24..]));
        if (IsMapped(From) || IsMapped(To)) return false;
        var next = (int)b[6];
        var rest = b[40..(40 + Big16(b[4..]))];
        for (var first = true; next is 0 or 43 or 60 or Fragment; first = false)
        {
            if (rest.Length < 8 || (next == 0 && !first) || (next == 43 && rest[2] == 0) || Piece is not null && next == Fragment) return false;
            var length = next == Fragment ? 8 : (rest[1] + 1) * 8;
            if (length > rest.Length) return false;
            if (next == Fragment)
            {
                var word = Big16(rest[2..]);
                if (!Pieces(word & 0xfff8, (word & 1) != 0, BinaryPrimitives.ReadUInt32BigEndian(rest[4..]), rest.Length - 8)) return false;
                if (IsLater) return true;
            }
            next = rest[0];
            rest = rest[length..];
        }
        Protocol = next;
        return Transport(rest);
    }

    // IPv6: the first one alone says what the protocol is.
    private bool Pieces(int offset, bool more, uint id, int length)
    {
        if (offset > 0 || more) Piece = new(Vlan, From, To, id, From.Family == AddressFamily.IPv4 ? Protocol : 0);
        IsLater = offset > 0;
        return offset + length <= 65535;
    }

    private bool Transport(ReadOnlySpan<byte> b)
    {
        switch (Protocol)
        {
            case Protocols.Tcp:
                return b.Length >= 20 && (b[12] >> 4) is >= 5 and var words && words * 4 <= b.Length && Ports(b);
            case Protocols.Udp:
                return b.Length >= 8 && UdpLength(b) && Ports(b);
            case Protocols.Sctp:
                return b.Length >= 12 && Ports(b);
            case Protocols.Icmp or Protocols.Icmp6:
                return b.Length >= 8 && Icmp(b);
            default:
                Talk = Conversation.Of(Vlan, Protocol, From, 0, To, 0);
                return true;
        }
    }

    // IPv6 stacks read 0 as "all of it" (RFC 2675); a first fragment states the length of the whole datagram.
    private bool UdpLength(ReadOnlySpan<byte> b) =>
        Big16(b[4..]) switch
        {
            0 => From.Family == AddressFamily.IPv6,
            var length => length >= 8 && (Piece is not null || length <= b.Length),
        };

    private bool Ports(ReadOnlySpan<byte> b)
    {
        (SourcePort, DestinationPort) = (Big16(b), Big16(b[2..]));
        Talk = Conversation.Of(Vlan, Protocol, From, SourcePort, To, DestinationPort);
        return true;
    }

    private bool Icmp(ReadOnlySpan<byte> b)
    {
        var four = Protocol == Protocols.Icmp;
        if (four != (From.Family == AddressFamily.IPv4)) return true; // another version's: nobody answers it
        DestinationPort = Big16(b);
        var (type, id) = (b[0], Big16(b[4..]));
        if (type == (four ? 8 : 128) || type == (four ? 0 : 129)) Talk = b[1] == 0 ? Conversation.Of(Vlan, Protocol, From, id, To, id) : null;
        if (four ? type is 3 or 5 or 11 or 12 : type < 128) Quoted = Quote(b[8..], four);
        if (!four && type == 136 && b.Length >= 24) Target = Six(b[8..]);
        if (!four && type == 135 && b.Length >= 24 && From.Bits == 0) Probed = Six(b[8..]);
        return true;
    }

    // RFC 792: the header and 8 bytes are all there must be.
    private (Conversation, Address)? Quote(ReadOnlySpan<byte> b, bool four)
    {
        var header = four ? b.Length >= 20 && b[0] >> 4 == 4 ? (b[0] & 15) * 4 : 0 : b.Length >= 40 && b[0] >> 4 == 6 ? 40 : 0;
        if (header < 20 || b.Length < header) return null;
        var (from, to, protocol) = four ? (Four(b[12..]), Four(b[16..]), (int)b[9]) : (Six(b[8..]), Six(b[24..]), b[6]);
        var rest = b[header..];
        while (!four && (protocol is 0 or 43 or 60 or Fragment) && rest.Length >= 8)
        {
            var length = protocol == Fragment ? 8 : (rest[1] + 1) * 8;
            if (length > rest.Length || protocol == Fragment && Big16(rest[2..]) > 7) break;
            protocol = rest[0];
            rest = rest[length..];
        }
        var (source, destination) = rest.Length >= 4 ? (Big16(rest), Big16(rest[2..])) : ((ushort)0, (ushort)0);
        if (Protocols.IsIcmp(protocol)) source = destination = rest.Length >= 6 ? Big16(rest[4..]) : (ushort)0;
        else if (!Protocols.HasPorts(protocol)) source = destination = 0;
        return (Conversation.Of(Vlan, protocol, from, source, to, destination), from);
    }

    // RFC 4291 2.5.5.2: an IPv4 address written as IPv6, for programs; no packet carries it.
    private static bool IsMapped(Address address) => address.Bits >> 32 == 0xffff;

    private static ushort Big16(ReadOnlySpan<byte> b) => BinaryPrimitives.ReadUInt16BigEndian(b);

    private static Address Four(ReadOnlySpan<byte> b) => new(BinaryPrimitives.ReadUInt32BigEndian(b), AddressFamily.IPv4);

    private static Address Six(ReadOnlySpan<byte> b) => new(BinaryPrimitives.ReadUInt128BigEndian(b), AddressFamily.IPv6);

    private static MacAddress Mac(ReadOnlySpan<byte> b) => new((ulong)Big16(b) << 32 | BinaryPrimitives.ReadUInt32BigEndian(b[2..]));
}
