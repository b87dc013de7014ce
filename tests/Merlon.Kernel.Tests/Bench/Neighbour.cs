using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>ARP and neighbour discovery frames.</summary>
public static class Neighbour
{
    private static readonly MacAddress s_everyone = new(0xffffffffffff);

    public static byte[] Arp(MacAddress from, Address sender, Address target, MacAddress? senderMac = null, int operation = 1, int hardware = 1, int size = 6) =>
        [.. Packet.Mac(s_everyone), .. Packet.Mac(from), 8, 6, .. Packet.Big16(hardware), 8, 0, (byte)size, 4, .. Packet.Big16(operation),
            .. Packet.Mac(senderMac ?? from), .. Packet.V4(sender), 0, 0, 0, 0, 0, 0, .. Packet.V4(target)];

    public static Packet Nd(int type, MacAddress mac, Address source, Address destination, Address? target, params byte[][] options) => new(source, destination)
    {
        SourceMac = mac,
        DestinationMac = new(0x333300000001),
        Proto = Protocols.Icmp6,
        IcmpType = type,
        HopLimit = 255,
        SourcePort = 0,
        Body = [.. target is { } t ? Packet.V6(t) : [], .. options.SelectMany(o => o)],
    };

    public static byte[] LinkLayer(int kind, MacAddress mac) => [(byte)kind, 1, .. Packet.Mac(mac)];
}
