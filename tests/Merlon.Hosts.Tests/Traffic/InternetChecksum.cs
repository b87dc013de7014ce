using System.Buffers.Binary;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>The checksum of IPv4, ICMP, UDP and TCP (RFC 1071).</summary>
internal static class InternetChecksum
{
    /// <param name="start">Of what else is summed: a pseudo header.</param>
    public static ushort Of(ReadOnlySpan<byte> bytes, uint start = 0)
    {
        var sum = start + Sum(bytes);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>Of 16-bit numbers, not folded; an odd byte at the end is the high one of a number.</summary>
    public static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0U;
        for (var i = 0; i + 1 < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return bytes.Length % 2 == 0 ? sum : sum + ((uint)bytes[^1] << 8);
    }
}
