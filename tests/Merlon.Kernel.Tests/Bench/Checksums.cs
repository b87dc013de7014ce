using System.Buffers.Binary;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Writes the checksums of a crafted frame, so that a real stack takes it: IPv4's header, and TCP, UDP and ICMP behind
/// either header where it is whole and stands there directly.</summary>
public static class Checksums
{
    private const int Ethernet = 14;

    public static byte[] Fill(byte[] frame)
    {
        if (frame.Length < Ethernet + 20) return frame;
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)))
        {
            case 0x0800:
                var ip = frame.AsSpan(Ethernet);
                var header = (ip[0] & 15) * 4;
                if (header < 20 || header > ip.Length) break;
                Write(ip[..header], 10, 0);
                var end = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(ip[2..]), ip.Length);
                if ((BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3fff) == 0 && end > header) Transport(ip[header..end], ip[9], InternetChecksum.Sum(ip[12..20]));
                break;
            case 0x86dd when frame.Length >= Ethernet + 40:
                Transport(frame.AsSpan(Ethernet + 40), frame[Ethernet + 6], InternetChecksum.Sum(frame.AsSpan(Ethernet + 8, 32)));
                break;
        }
        return frame;
    }

    private static void Transport(Span<byte> bytes, int proto, uint addresses)
    {
        var pseudo = addresses + (uint)proto + (uint)bytes.Length;
        switch (proto)
        {
            case Protocols.Tcp when bytes.Length >= 20:
                Write(bytes, 16, pseudo);
                break;
            case Protocols.Udp when bytes.Length >= 8:
                Write(bytes, 6, pseudo);
                break;
            case Protocols.Icmp when bytes.Length >= 4:
                Write(bytes, 2, 0);
                break;
            case Protocols.Icmp6 when bytes.Length >= 4:
                Write(bytes, 2, pseudo);
                break;
        }
    }

    private static void Write(Span<byte> bytes, int at, uint start)
    {
        bytes[at] = bytes[at + 1] = 0;
        var written = InternetChecksum.Of(bytes, start);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[at..], written == 0 ? (ushort)0xffff : written);
    }
}
