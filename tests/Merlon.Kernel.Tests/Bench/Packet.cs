using System.Buffers.Binary;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>A frame to be crafted, field by field. Checksums are left 0: the program verifies none.</summary>
public sealed record Packet(Address Source, Address Destination)
{
    public MacAddress SourceMac { get; init; }
    public MacAddress DestinationMac { get; init; }
    public int Proto { get; init; } = Protocols.Udp;
    public int SourcePort { get; init; } = 40000;
    public int DestinationPort { get; init; } = 80;
    public Tcp Flags { get; init; }
    public uint Seq { get; init; }
    public uint Ack { get; init; }
    public int Window { get; init; } = 64000;
    /// <summary>Window scale option; null = not offered.</summary>
    public int? Scale { get; init; }
    /// <summary>In place of <see cref="Scale"/>: TCP options, a multiple of 4 bytes.</summary>
    public byte[]? TcpOptions { get; init; }
    /// <summary>TCP's data offset in words where it is not the true one.</summary>
    public int? TcpOffset { get; init; }
    /// <summary>UDP's length field where it is not the true one.</summary>
    public int? UdpLength { get; init; }
    public int Data { get; init; }
    public int IcmpType { get; init; }
    public int IcmpCode { get; init; }
    /// <summary>Behind the transport header, in place of <see cref="Data"/> zero bytes.</summary>
    public byte[]? Body { get; init; }
    public int HopLimit { get; init; } = 64;
    public int Id { get; init; } = 1;
    public int FragmentOffset { get; init; }
    public bool MoreFragments { get; init; }
    /// <summary>IPv6 extension headers: kind and bytes, whose first byte (next header) is filled in.</summary>
    public (int Kind, byte[] Bytes)[] Extensions { get; init; } = [];
    /// <summary>IPv4 options, a multiple of 4 bytes.</summary>
    public byte[] Options { get; init; } = [];
    public int? EtherType { get; init; }
    /// <summary>Added to the length field of the IP header.</summary>
    public int LengthLie { get; init; }

    public bool IsV6 => Source.Family == AddressFamily.IPv6;

    /// <summary>The answer's addresses, MACs and ports.</summary>
    public Packet Back() => this with
    {
        Source = Destination,
        Destination = Source,
        SourceMac = DestinationMac,
        DestinationMac = SourceMac,
        SourcePort = DestinationPort,
        DestinationPort = SourcePort,
    };

    public byte[] Bytes() => [.. Mac(DestinationMac), .. Mac(SourceMac), .. Big16(EtherType ?? (IsV6 ? 0x86dd : 0x0800)), .. Ip()];

    /// <summary>The IP packet alone: what an ICMP error quotes.</summary>
    public byte[] Ip() => IsV6 ? V6() : V4();

    public byte[] Transport()
    {
        var body = Body ?? new byte[Data];
        if (FragmentOffset > 0) return body;
        return Proto switch
        {
            Protocols.Tcp => [.. Big16(SourcePort), .. Big16(DestinationPort), .. Big32(Seq), .. Big32(Ack),
                (byte)((TcpOffset ?? 5 + OptionsOfTcp().Length / 4) << 4), (byte)Flags, .. Big16(Window), 0, 0, 0, 0, .. OptionsOfTcp(), .. body],
            Protocols.Udp => [.. Big16(SourcePort), .. Big16(DestinationPort), .. Big16(UdpLength ?? 8 + body.Length), 0, 0, .. body],
            Protocols.Sctp => [.. Big16(SourcePort), .. Big16(DestinationPort), 0, 0, 0, 0, 0, 0, 0, 0, .. body],
            Protocols.Icmp or Protocols.Icmp6 or Protocols.Igmp => [(byte)IcmpType, (byte)IcmpCode, 0, 0, .. Big16(SourcePort), 0, 1, .. body],
            _ => body,
        };
    }

    private byte[] OptionsOfTcp() => TcpOptions ?? (Scale is { } s ? [1, 3, 3, (byte)s] : []);

    private byte[] V4()
    {
        var transport = Transport();
        var header = 20 + Options.Length;
        var fragment = FragmentOffset / 8 | (MoreFragments ? 0x2000 : 0);
        return [(byte)(0x40 | header / 4), 0, .. Big16(header + transport.Length + LengthLie), .. Big16(Id), .. Big16(fragment), (byte)HopLimit, (byte)Proto, 0, 0,
            .. V4(Source), .. V4(Destination), .. Options, .. transport];
    }

    private byte[] V6()
    {
        var headers = new List<byte>();
        var extensions = FragmentOffset > 0 || MoreFragments
            ? [.. Extensions, (44, (byte[])[0, 0, .. Big16(FragmentOffset | (MoreFragments ? 1 : 0)), .. Big32((uint)Id)])] : Extensions;
        for (var i = 0; i < extensions.Length; i++)
        {
            var bytes = (byte[])extensions[i].Bytes.Clone();
            if (bytes.Length > 0) bytes[0] = (byte)(i + 1 < extensions.Length ? extensions[i + 1].Kind : Proto);
            headers.AddRange(bytes);
        }
        var transport = Transport();
        return [0x60, 0, 0, 0, .. Big16(headers.Count + transport.Length + LengthLie), (byte)(extensions.Length > 0 ? extensions[0].Kind : Proto), (byte)HopLimit,
            .. V6(Source), .. V6(Destination), .. headers, .. transport];
    }

    public static byte[] Mac(MacAddress mac)
    {
        var six = new byte[6];
        mac.Write(six);
        return six;
    }

    public static byte[] V4(Address address) => Big32((uint)address.Bits);

    public static byte[] V6(Address address)
    {
        var sixteen = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(sixteen, address.Bits);
        return sixteen;
    }

    public static byte[] Big16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] Big32(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
