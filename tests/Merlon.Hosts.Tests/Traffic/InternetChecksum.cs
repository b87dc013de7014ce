using System.Buffers.Binary;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>The checksum of IPv4, ICMP, UDP and TCP (RFC 1071), of an even number of bytes.</summary>
internal static class InternetChecksum
{
    public static ushort Of(ReadOnlySpan<byte> bytes)
    {
        var sum = 0U;
        for (var i = 0; i < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
