using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>What is done to a frame when its headers are made: another frame in its place, tags, single bytes, padding, the cut.</summary>
internal sealed class FrameEdits
{
    /// <summary>In place of what the packet would be: from the Ethernet header on.</summary>
    public Func<Packet, byte[]>? Whole { get; set; }

    /// <summary>Tags (type, number), outermost first.</summary>
    public List<(int Type, int Tag)> Tags { get; } = [];

    /// <summary>Bytes written over the frame, at offsets from its start without tags.</summary>
    public List<(int At, byte[] Bytes)> Patches { get; } = [];

    public int Padding { get; set; }

    /// <summary>Length of the frame, tags included; of a quoted packet: from its IP header on.</summary>
    public int? Cut { get; set; }

    public byte[] Frame(Packet packet)
    {
        var frame = Whole?.Invoke(packet) ?? packet.Bytes();
        foreach (var (at, bytes) in Patches)
        {
            if (at + bytes.Length > frame.Length) throw new FormatException($"@{at}: the frame has {frame.Length} bytes");
            bytes.CopyTo(frame, at);
        }
        frame = [.. frame[..12], .. Tags.SelectMany(t => (byte[])[.. Packet.Big16(t.Type), .. Packet.Big16(t.Tag)]), .. frame[12..], .. new byte[Padding]];
        if (Cut is not { } cut) return frame;
        return cut <= frame.Length ? frame[..cut] : throw new FormatException($"cut={cut}: there are only {frame.Length} bytes");
    }
}
