using System.Buffers.Binary;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>Counts the frames that a tap took, by what their virtio headers say (virtio 1.2, 5.1.6) and by their tags.</summary>
internal sealed class TapClasses
{
    private const int Ethernet = 14, Shortest = Ethernet + 20 + 20;
    private static readonly Dictionary<byte, string> s_segments = new()
    {
        [0] = "none", [1] = "tcpv4", [3] = "udp", [4] = "tcpv6", [5] = "udp-l4", [0x81] = "tcpv4+ecn", [0x84] = "tcpv6+ecn",
    };

    private readonly Dictionary<string, long> _counts = All.ToDictionary(k => k, _ => 0L);

    public static string[] All { get; } =
    [
        "hdr_len 0", "hdr_len 14", "hdr_len 15-53", "hdr_len 54-", .. s_segments.Values.Select(g => "gso " + g), "gso_size 1-535", "gso_size 536-",
        "csum none", "csum start 0-33", "csum start 34-", "tags 0", "tags 1", "tags 2", "tags 3-",
    ];

    public long Frames { get; private set; }

    public IEnumerable<(string Key, long Count)> Counts => _counts.Select(c => (c.Key, c.Value));

    public void Count(ReadOnlySpan<byte> header, ReadOnlySpan<byte> frame)
    {
        Frames++;
        var (flags, gso) = (header[0], header[1]);
        var (headers, size, start) = (Little(header[2..]), Little(header[4..]), Little(header[6..]));
        Add("hdr_len", headers switch { 0 => "0", Ethernet => "14", < Shortest => "15-53", _ => "54-" });
        Add("gso", s_segments[gso]);
        if (gso != 0) Add("gso_size", size < 536 ? "1-535" : "536-");
        Add("csum", (flags & 1) == 0 ? "none" : start < 34 ? "start 0-33" : "start 34-");
        var tags = 0;
        while (frame.Length >= Ethernet + 4 * tags && frame.Slice(12 + 4 * tags, 2) is [0x81, 0] or [0x88, 0xa8]) tags++;
        Add("tags", tags < 3 ? $"{tags}" : "3-");
    }

    private void Add(string what, string kind) => _counts[$"{what} {kind}"]++;

    private static int Little(ReadOnlySpan<byte> two) => BinaryPrimitives.ReadUInt16LittleEndian(two);
}
