using Merlon.Fast.Tests.Policy;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>Frames that a hostile guest would try: mostly near what passes, then bent. The same seed gives the same frames.</summary>
internal sealed class FrameMaker(ulong seed, Shop shop)
{
    private static readonly int[] s_ports = [80, 80, 80, 79, 81, 443, 53, 22, 5353, 8080, 67, 68, 546, 547];
    private static readonly int[] s_protocols = [Protocols.Tcp, Protocols.Tcp, Protocols.Tcp, Protocols.Udp, Protocols.Udp, Protocols.Icmp, Protocols.Icmp6, Protocols.Sctp, Protocols.Igmp, 47, 50, 41];
    private static readonly Tcp[] s_flags = [Tcp.Syn, Tcp.Syn, Tcp.SynAck, Tcp.Ack, Tcp.Ack, Tcp.Ack | Tcp.Fin, Tcp.Rst, Tcp.Syn | Tcp.Fin, 0];
    private static readonly int[] s_words = [0, 1, 4, 5, 7, 8, 19, 20, 21, 40, 0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x88cc, 0x2000, 0x3fff, 0xffff];
    private readonly Dice _dice = new(seed);

    public ulong Seed => seed;

    /// <summary>What <paramref name="from"/> sends: mostly to the other guarded VM.</summary>
    public byte[] Next(Port from)
    {
        var to = from == shop.Web ? shop.Db : shop.Web;
        var frame = _dice.Below(100) switch
        {
            < 3 => Neighbour.Arp(from.Mac, _dice.Percent(70) ? from.V4 : to.V4, to.V4, _dice.Percent(80) ? null : to.Mac),
            < 6 => Nd(from, to).Bytes(),
            < 16 => Error(from, to).Bytes(),
            < 18 => Garbage(from, to),
            _ => Plain(from, to).Bytes(),
        };
        for (var tags = _dice.Percent(20) ? _dice.Of<int>([1, 1, 1, 1, 2, 3]) : 0; tags > 0; tags--) frame = Tagged(frame, _dice.Of<int>([0, 10, 10, 10, 20, 25, 29, 30, 0x200a, 4095]));
        for (var bends = _dice.Percent(45) ? _dice.Between(1, 3) : 0; bends > 0; bends--) frame = Bend(frame);
        return frame;
    }

    /// <summary>What a guest's driver may put before a frame (virtio 1.2, 5.1.6), 10 bytes.</summary>
    public byte[] VirtioHeader(int frame)
    {
        if (_dice.Percent(40)) return new byte[10];
        var flags = _dice.Of<int>([0, 0, 1, 1, 2, 3, 4]);
        var gso = _dice.Of<int>([0, 0, 0, 1, 3, 4, 5, 0x81, 0x84]);
        int[] starts = [14, 34, 34, 54, 38, 58, 22, 42, _dice.Below(frame + 8)], offsets = [6, 16, 2, 0, 7, _dice.Below(64)];
        return [(byte)flags, (byte)gso, .. Little(_dice.Of<int>([0, 14, 34, 54, 66, _dice.Below(frame + 32)])),
            .. Little(_dice.Of<int>([0, 1, 8, 100, 536, 1460, _dice.Below(65536)])), .. Little(_dice.Of(starts)), .. Little(_dice.Of(offsets))];
    }

    private Packet Plain(Port from, Port to)
    {
        var v6 = _dice.Percent(40);
        var (own, other) = (v6 ? from.V6 : from.V4, v6 ? to.V6 : to.V4);
        var outside = _dice.Percent(20);
        var p = new Packet(_dice.Percent(95) ? own : other, outside ? Outside(v6) : other)
        {
            SourceMac = _dice.Percent(98) ? from.Mac : to.Mac,
            DestinationMac = outside ? Shop.Router : to.Mac,
            Proto = _dice.Of(s_protocols),
            SourcePort = Port(from == shop.Db ? 20 : 75),
            DestinationPort = Port(from == shop.Db ? 75 : 20),
            Flags = _dice.Of(s_flags),
            Seq = Number(),
            Ack = Number(),
            Window = _dice.Of<int>([0, 1, 1000, 65535]),
            Scale = _dice.Percent(20) ? _dice.Below(16) : null,
            Data = _dice.Of<int>([0, 0, 1, 4, 8, 64, 500]),
            IcmpType = _dice.Of<int>([8, 8, 0, 128, 128, 129, 3, 5, 13, 130, 143, 0x16]),
            IcmpCode = _dice.Percent(90) ? 0 : 1,
            Id = _dice.Between(1, 4),
        };
        if (_dice.Percent(15)) p = p with { MoreFragments = _dice.Percent(70), FragmentOffset = 8 * _dice.Of<int>([0, 0, 1, 2, 3, 100, 8190]) };
        if (v6 && _dice.Percent(15)) p = p with { Extensions = _dice.Some(1, 10, _ => (_dice.Of<int>([0, 43, 60, 60, 44, 51, 135]), new byte[8 * _dice.Between(1, 2)])) };
        if (!v6 && _dice.Percent(8)) p = p with { Options = _dice.Of<byte[]>([[1, 1, 1, 0], [131, 3, 4, 0], [137, 7, 4, 10, 0, 0, 2, 0], [7, 4, 4, 0], [0x94, 4, 0, 0]]) };
        return p;
    }

    // About what the other end may have sent here.
    private Packet Error(Port from, Port to)
    {
        var quoted = Plain(to, from);
        var length = _dice.Percent(70) ? 1000 : _dice.Below(60);
        return new(_dice.Percent(90) == quoted.IsV6 ? from.V6 : from.V4, quoted.Source)
        {
            SourceMac = from.Mac,
            DestinationMac = to.Mac,
            Proto = quoted.IsV6 ? Protocols.Icmp6 : Protocols.Icmp,
            IcmpType = _dice.Of<int>(quoted.IsV6 ? [1, 2, 3, 4] : [3, 11, 12, 4]),
            IcmpCode = _dice.Below(5),
            Body = [.. quoted.Ip().Take(length)],
        };
    }

    private Packet Nd(Port from, Port to) => Neighbour.Nd(_dice.Between(133, 137), from.Mac, _dice.Percent(80) ? from.V6 : from.LinkLocal,
        _dice.Percent(50) ? to.V6 : Address.Parse("ff02::1"), _dice.Percent(70) ? from.V6 : to.V6, Neighbour.LinkLayer(_dice.Between(1, 2), _dice.Percent(80) ? from.Mac : to.Mac));

    private byte[] Garbage(Port from, Port to) =>
        [.. Packet.Mac(to.Mac), .. Packet.Mac(from.Mac), .. Packet.Big16(_dice.Of(s_words)), .. _dice.Some(0, 80, _ => (byte)_dice.Below(256))];

    private byte[] Bend(byte[] frame)
    {
        var at = _dice.Percent(70) ? _dice.Between(Math.Min(12, frame.Length - 1), Math.Min(frame.Length - 1, 60)) : _dice.Below(frame.Length);
        switch (_dice.Below(6))
        {
            case 0:
                frame[at] ^= (byte)(1 << _dice.Below(8));
                return frame;
            case 1:
                frame[at] = (byte)_dice.Below(256);
                return frame;
            case 2 when at + 2 <= frame.Length:
                Packet.Big16(_dice.Of(s_words)).CopyTo(frame, at);
                return frame;
            case 3:
                return frame[..Math.Max(14, at)];
            case 4:
                return [.. frame, .. _dice.Some(1, 40, _ => (byte)_dice.Below(256))];
            case 5 when _dice.Percent(30):
                return Tagged(frame, _dice.Below(4096));
            default:
                return frame;
        }
    }

    private byte[] Tagged(byte[] frame, int tag) => [.. frame[..12], .. Packet.Big16(_dice.Percent(70) ? 0x8100 : 0x88a8), .. Packet.Big16(tag), .. frame[12..]];

    private Address Outside(bool v6) => v6 ? _dice.Of([Shop.OutsideV6, Address.Parse("ff02::fb"), Address.Parse("::ffff:10.0.0.2")])
        : _dice.Of([Shop.OutsideV4, Address.Parse("224.0.0.251"), Address.Parse("255.255.255.255")]);

    private int Port(int ephemeral) => _dice.Percent(ephemeral) ? 40000 + _dice.Below(4) : _dice.Of(s_ports);

    private uint Number() => _dice.Of<uint>([0, 1, 2, 100, 1000, 0x7fffffff, 0xffffffff]);

    private static byte[] Little(int value) => [(byte)value, (byte)(value >> 8)];
}
