using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>The fields that any packet text may state: <c>seq=1000+1</c>, <c>off=1480</c>, <c>ext=dest,frag</c>, <c>vlan=10</c>, <c>cut=40</c>.</summary>
internal static class FieldText
{
    public static Packet Apply(Packet p, FrameEdits edits, Parties parties, string key, string value)
    {
        switch (key)
        {
            case "seq": return p with { Seq = Numbers.Word(value) };
            case "ack": return p with { Ack = Numbers.Word(value) };
            case "win": return p with { Window = Numbers.Small(value, 65535) };
            case "scale": return p with { Scale = Numbers.Small(value, 255) };
            case "topts": return p with { TcpOptions = Fours(value) };
            case "words": return p with { TcpOffset = Numbers.Small(value, 15) };
            case "ulen": return p with { UdpLength = Numbers.Small(value, 65535) };
            case "data" when p.Body is { Length: > 0 } body: return p with { Body = [.. body, .. new byte[Numbers.Small(value, 65000)]] };
            case "data": return p with { Data = Numbers.Small(value, 65000) };
            case "body": return p with { Body = [.. p.Body ?? [], .. Numbers.Hex(value)] };
            case "bootp": return p with { Body = [.. p.Body ?? [], .. Bootp(parties, value)] };
            case "dhcp6": return p with { Body = [.. p.Body ?? [], .. Dhcp6(value)] };
            case "echo": return p with { SourcePort = Numbers.Small(value, 65535) };
            case "ttl": return p with { HopLimit = Numbers.Small(value, 255) };
            case "code": return p with { IcmpCode = Numbers.Small(value, 255) };
            case "id": return p with { Id = (int)Numbers.Word(value) };
            case "off": return p with { FragmentOffset = Numbers.Small(value, 65528) };
            case "mf": return p with { MoreFragments = true };
            case "opts": return p with { Options = Fours(value) };
            case "len": return p with { LengthLie = (int)Numbers.Word(value) };
            case "ext": return p with { Extensions = [.. p.Extensions, .. value.Split(',').Select(ExtensionText.Parse)] };
            case "src": return p with { Source = parties[value].Address };
            case "dst": return p with { Destination = parties[value].Address };
            case "smac": return p with { SourceMac = parties.Mac(value) };
            case "dmac": return p with { DestinationMac = parties.Mac(value) };
            case "type": return p with { EtherType = Numbers.Hex(value) is [var a, var b] ? a << 8 | b : throw new FormatException($"'{value}' is no EtherType") };
            case "target": return p with { Body = [.. p.Body ?? [], .. Packet.V6(parties[value].Address)] };
            case "slla": return p with { Body = [.. p.Body ?? [], .. Neighbour.LinkLayer(1, parties.Mac(value))] };
            case "tlla": return p with { Body = [.. p.Body ?? [], .. Neighbour.LinkLayer(2, parties.Mac(value))] };
        }
        Edit(edits, parties, key, value);
        return p;
    }

    private static void Edit(FrameEdits edits, Parties parties, string key, string value)
    {
        switch (key)
        {
            case "sha": edits.Patches.Add((22, Packet.Mac(parties.Mac(value)))); break;
            case "tha": edits.Patches.Add((32, Packet.Mac(parties.Mac(value)))); break;
            case "vlan": edits.Tags.AddRange(value.Split(',').Select(Tag)); break;
            case "pad": edits.Padding = Numbers.Small(value, 1000); break;
            case "cut": edits.Cut = Numbers.Small(value, 65535); break;
            case ['@', .. var at]: edits.Patches.Add((Numbers.Small(at, 65535), Numbers.Hex(value))); break;
            default: throw new FormatException($"'{key}' is no field");
        }
    }

    // OP,TRANSACTION,CLIENT,ADDRESS: everything before the options of a DHCPv4 message (RFC 2131).
    private static byte[] Bootp(Parties parties, string text)
    {
        if (text.Split(',') is not [var op, var transaction, var client, var address]) throw new FormatException($"'{text}' is not OP,TRANSACTION,CLIENT,ADDRESS");
        return
        [
            (byte)Numbers.Small(op, 255), 1, 6, 0, .. Packet.Big32(Numbers.Word(transaction)), .. new byte[8], .. Packet.V4(parties[address].Address), .. new byte[8],
            .. Packet.Mac(parties.Mac(client)), .. new byte[10 + 64 + 128], 0x63, 0x82, 0x53, 0x63,
        ];
    }

    // TYPE,TRANSACTION of a DHCPv6 message (RFC 8415).
    private static byte[] Dhcp6(string text) => text.Split(',') is [var type, var transaction]
        ? [(byte)Numbers.Small(type, 255), .. Packet.Big32(Numbers.Word(transaction))[1..]] : throw new FormatException($"'{text}' is not TYPE,TRANSACTION");

    // NUMBER, or TYPE:NUMBER with the type in hex.
    private static (int, int) Tag(string text) =>
        text.Split(':') is [var type, var number] && Numbers.Hex(type) is [var a, var b] ? (a << 8 | b, Numbers.Small(number, 65535)) : (0x8100, Numbers.Small(text, 65535));

    private static byte[] Fours(string hex) => Numbers.Hex(hex) is var bytes && bytes.Length % 4 == 0 ? bytes : throw new FormatException($"'{hex}' are no whole words of 4 bytes");
}
