using System.Buffers.Binary;
using Merlon.Policy.Model;

namespace Merlon.Agent.Judge;

/// <summary>First packets as guests would send them: a TCP SYN, a datagram, an echo request …</summary>
internal static class Frames
{
    private const int EthernetBytes = 14;
    private const byte HopLimit = 64;

    /// <param name="destinationPort">Port, or ICMP type &lt;&lt; 8 | code.</param>
    /// <param name="sourcePort">Port, or ICMP id.</param>
    public static byte[] Make(
        MacAddress from, MacAddress to, Address source, Address destination, int protocol, int destinationPort, int sourcePort)
    {
        var payload = Payload(protocol, destinationPort, sourcePort);
        var v4 = source.Family == AddressFamily.IPv4;
        var frame = new byte[EthernetBytes + (v4 ? 20 : 40) + payload.Length];
        to.Write(frame);
        from.Write(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(v4 ? 0x0800 : 0x86dd));
        var ip = frame.AsSpan(EthernetBytes);
        if (v4) WriteIp4(ip, source, destination, protocol);
        else WriteIp6(ip, source, destination, protocol, payload.Length);
        payload.CopyTo(ip[(v4 ? 20 : 40)..]);
        return frame;
    }

    private static void WriteIp4(Span<byte> ip, Address source, Address destination, int protocol)
    {
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        ip[8] = HopLimit;
        ip[9] = (byte)protocol;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], (uint)source.Bits);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], (uint)destination.Bits);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..20]));
    }

    private static void WriteIp6(Span<byte> ip, Address source, Address destination, int protocol, int payload)
    {
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)payload);
        ip[6] = (byte)protocol;
        ip[7] = HopLimit;
        BinaryPrimitives.WriteUInt128BigEndian(ip[8..], source.Bits);
        BinaryPrimitives.WriteUInt128BigEndian(ip[24..], destination.Bits);
    }

    private static byte[] Payload(int protocol, int destinationPort, int sourcePort) => protocol switch
    {
        6 => Tcp(destinationPort, sourcePort),
        17 => Ports(8, destinationPort, sourcePort, length: 8),
        132 => Sctp(destinationPort, sourcePort),
        Protocols.Igmp => [0x16, 0, 0, 0, 0, 0, 0, 0], // a report: the kind is no part of a question
        1 or 58 => Icmp(destinationPort, sourcePort),
        _ => new byte[8],
    };

    private static byte[] Ports(int bytes, int destinationPort, int sourcePort, int length = 0)
    {
        var header = new byte[bytes];
        BinaryPrimitives.WriteUInt16BigEndian(header, (ushort)sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)length);
        return header;
    }

    private static byte[] Icmp(int typeAndCode, int id)
    {
        var header = new byte[8];
        BinaryPrimitives.WriteUInt16BigEndian(header, (ushort)typeAndCode);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)id);
        return header;
    }

    private static byte[] Tcp(int destinationPort, int sourcePort)
    {
        var header = Ports(20, destinationPort, sourcePort);
        header[7] = 1;    // sequence
        header[12] = 0x50;
        header[13] = 0x02; // SYN
        header[14] = 0xff; // window
        return header;
    }

    private static byte[] Sctp(int destinationPort, int sourcePort)
    {
        var header = Ports(32, destinationPort, sourcePort);
        header[12] = 1;   // INIT
        header[15] = 20;  // chunk length
        header[19] = 1;   // initiate tag
        return header;
    }

    // RFC 1071.
    private static ushort Checksum(ReadOnlySpan<byte> header)
    {
        uint sum = 0;
        for (var i = 0; i < header.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
