using System.Buffers.Binary;

namespace Merlon.Bench.Places;

/// <summary>The frame of 64 bytes that generate() fills in: who sends it, which transport, which flags.</summary>
internal static class FrameText
{
    public const int Tcp = 6, Udp = 17;
    public const byte Syn = 2, Ack = 16, Push = 8;
    private const int Bytes = 64, Headers = 14 + 20 + 20, Window = 64000;

    public static byte[] Of(int source, int proto, byte flags = 0, bool data = true)
    {
        var frame = new byte[Bytes];
        Mac(1 - source).CopyTo(frame, 0);
        Mac(source).CopyTo(frame, 6);
        frame[12] = 8;
        frame[14] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(proto == Udp || data ? Bytes - 14 : Headers - 14));
        frame[20] = 0x40; // do not fragment
        frame[22] = 64;
        frame[23] = (byte)proto;
        if (proto == Udp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(38), Bytes - 34);
            return frame;
        }
        frame[46] = 5 << 4;
        frame[47] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(48), Window);
        return frame;
    }

    /// <summary>Of the IP header, and of TCP with the pseudo header but for the addresses: 16-bit words as they lie in memory.</summary>
    public static (uint Ip, uint Tcp) Sums(byte[] frame)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16));
        var pseudo = (uint)BinaryPrimitives.ReverseEndianness((ushort)frame[23]) + BinaryPrimitives.ReverseEndianness((ushort)(length - 20));
        return (Words(frame.AsSpan(14, 20)), Words(frame.AsSpan(34)) + pseudo);
    }

    private static uint Words(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        foreach (var word in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes)) sum += word;
        return sum;
    }

    private static byte[] Mac(int guest) => Convert.FromHexString(Place.Mac(guest).Replace(":", "", StringComparison.Ordinal));
}
