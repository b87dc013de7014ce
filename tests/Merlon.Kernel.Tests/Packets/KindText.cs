using System.Globalization;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>The kind of a packet text and the words that belong to it: <c>tcp 40000&gt;80 SA</c>, <c>ping 7</c>, <c>arp 1 web&gt;db</c>, <c>na</c>.</summary>
internal sealed class KindText(Parties parties)
{
    private static readonly Dictionary<char, Tcp> s_flags = new() { ['F'] = Tcp.Fin, ['S'] = Tcp.Syn, ['R'] = Tcp.Rst, ['P'] = Tcp.Psh, ['A'] = Tcp.Ack, ['U'] = Tcp.Urg };
    private static readonly Dictionary<string, int> s_nd = new() { ["rs"] = 133, ["ra"] = 134, ["ns"] = 135, ["na"] = 136, ["redirect"] = 137 };

    /// <summary>Returns the words behind those of the kind.</summary>
    public string[] Apply(string kind, ReadOnlySpan<string> words, ref Packet packet, FrameEdits edits)
    {
        switch (kind)
        {
            case "tcp":
                packet = Ports(packet with { Proto = Protocols.Tcp, Flags = Flags(Word(words, 1, "flags")) }, Word(words, 0, "ports"));
                return [.. words[2..]];
            case "udp" or "sctp":
                packet = Ports(packet with { Proto = Protocols.Number(kind) }, Word(words, 0, "ports"));
                return [.. words[1..]];
            case "ping" or "pong":
                var (ask, answer) = packet.IsV6 ? (128, 129) : (8, 0);
                packet = packet with { Proto = packet.IsV6 ? Protocols.Icmp6 : Protocols.Icmp, IcmpType = kind == "ping" ? ask : answer, SourcePort = Numbers.Small(Word(words, 0, "id"), 65535) };
                return [.. words[1..]];
            case "icmp" or "icmp6" or "igmp":
                packet = Icmp(packet, kind == "igmp" ? Protocols.Igmp : Protocols.Number(kind), Word(words, 0, "type"));
                return [.. words[1..]];
            case "proto":
                packet = packet with { Proto = Numbers.Small(Word(words, 0, "number"), 255) };
                return [.. words[1..]];
            case "arp":
                edits.Whole = Arp(Word(words, 0, "operation"), Word(words, 1, "sender>target"));
                return [.. words[2..]];
            case "frame":
                var bytes = Numbers.Hex(Word(words, 0, "bytes"));
                edits.Whole = p => [.. Packet.Mac(p.DestinationMac), .. Packet.Mac(p.SourceMac), .. Packet.Big16(p.EtherType ?? 0x0800), .. bytes];
                return [.. words[1..]];
            default:
                if (!s_nd.TryGetValue(kind, out var type)) throw new FormatException($"'{kind}' is no kind of packet");
                packet = packet with { Proto = Protocols.Icmp6, IcmpType = type, HopLimit = 255, SourcePort = 0, Body = [] };
                return [.. words];
        }
    }

    private static string Word(ReadOnlySpan<string> words, int at, string what) => at < words.Length ? words[at] : throw new FormatException($"{what} missing");

    private static Packet Ports(Packet packet, string text)
    {
        var (source, destination) = Pair(text);
        return packet with { SourcePort = Numbers.Small(source, 65535), DestinationPort = Numbers.Small(destination, 65535) };
    }

    private static (string, string) Pair(string text) => text.Split('>') is [var a, var b] ? (a, b) : throw new FormatException($"'{text}' is not A>B");

    private static Tcp Flags(string text)
    {
        var flags = Tcp.None;
        foreach (var c in text == "-" ? "" : text) flags |= s_flags.TryGetValue(c, out var flag) ? flag : throw new FormatException($"'{c}' is no TCP flag (F S R P A U, or - for none)");
        return flags;
    }

    private static Packet Icmp(Packet packet, int proto, string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2) throw new FormatException($"'{text}' is not TYPE[/CODE]");
        return packet with { Proto = proto, IcmpType = Numbers.Small(parts[0], 255), IcmpCode = parts.Length == 2 ? Numbers.Small(parts[1], 255) : 0, SourcePort = 0 };
    }

    // The sender's MAC is the frame's unless sha= says otherwise (FieldText writes it over).
    private Func<Packet, byte[]> Arp(string operation, string text)
    {
        var number = operation switch { "request" => 1, "reply" => 2, _ => int.Parse(operation, CultureInfo.InvariantCulture) };
        var (sender, target) = Pair(text);
        var (from, to) = (parties[sender].Address, parties[target].Address);
        return p =>
        {
            var frame = Neighbour.Arp(p.SourceMac, from, to, operation: number);
            Packet.Mac(p.DestinationMac).CopyTo(frame, 0);
            return frame;
        };
    }
}
