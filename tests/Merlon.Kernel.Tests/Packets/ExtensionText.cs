namespace Merlon.Kernel.Tests.Packets;

/// <summary>An IPv6 extension header: <c>hop</c>, <c>dest:16</c>, <c>rt4</c>, <c>frag</c> (atomic), <c>51:24</c>, or number and bytes <c>60#00ff0104…</c>
/// (the first byte, the next header, is filled in).</summary>
internal static class ExtensionText
{
    public static (int Kind, byte[] Bytes) Parse(string text)
    {
        if (text.Split('#') is [var number, var hex]) return (Numbers.Small(number, 255), Numbers.Hex(hex));
        var parts = text.Split(':');
        var size = parts.Length == 2 ? Numbers.Small(parts[1], 2048) : 8;
        if (parts.Length > 2 || size % 8 != 0 || size == 0) throw new FormatException($"'{text}' is no extension header of whole 8 bytes");
        return parts[0] switch
        {
            "hop" => (0, Padding(size)),
            "dest" => (60, Padding(size)),
            "frag" => (44, [0, 0, 0, 0, 0, 0, 0, 9]),
            ['r', 't', .. var type] => (43, [0, (byte)(size / 8 - 1), (byte)Numbers.Small(type, 255), .. new byte[size - 3]]),
            var kind => (Numbers.Small(kind, 255), Padding(size)),
        };
    }

    // One PadN option as long as the header.
    private static byte[] Padding(int size) => size <= 256
        ? [0, (byte)(size / 8 - 1), 1, (byte)(size - 4), .. new byte[size - 4]]
        : [0, (byte)(size / 8 - 1), .. new byte[size - 2]];
}
