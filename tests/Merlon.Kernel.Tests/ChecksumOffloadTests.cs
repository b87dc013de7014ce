using System.Buffers.Binary;
using System.Globalization;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>A guest's virtio header names the place where the host writes a checksum, after both hooks have read the packet.</summary>
public sealed class ChecksumOffloadTests : IDisposable
{
    private const int Eth = 14, Ip4 = Eth + 20, Ip6 = Eth + 40;
    private readonly NetNamespace _host = new(string.Create(CultureInfo.InvariantCulture, $"mt{Environment.ProcessId % 10000}-offload"));
    private readonly Shop _shop = new();
    private readonly GuestTap _web, _db;

    public ChecksumOffloadTests()
    {
        _host.Ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
        _host.Ip("link", "set", "br0", "up");
        // db's driver takes no offload, so the host finishes checksums for it.
        (_web, _db) = (new(_host, "web"), new(_host, "db"));
        _host.Enter(() =>
        {
            _shop.AttachPort("web", _web.Ifindex);
            _shop.AttachPort("db", _db.Ifindex);
            return true;
        });
    }

    public void Dispose()
    {
        _host.Enter(() =>
        {
            _shop.Dispose();
            return true;
        });
        _web.Dispose();
        _db.Dispose();
        _host.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_checksum_in_its_own_place_is_written(bool v6)
    {
        var frame = _shop.WebToDb(v6).Bytes();
        Assert.NotEqual(0, Arrives(frame, v6 ? Ip6 : Ip4, 6) is { } udp ? BinaryPrimitives.ReadUInt16BigEndian(udp.AsSpan((v6 ? Ip6 : Ip4) + 6)) : 0);
        // Of a packet inside the datagram (a guest's own tunnel).
        Assert.NotNull(Arrives((_shop.WebToDb(v6) with { Data = 60 }).Bytes(), (v6 ? Ip6 : Ip4) + 8 + 20, 16));
        Assert.NotNull(Arrives((_shop.WebToDb(v6) with { Proto = Protocols.Tcp, Flags = Tcp.Syn }).Bytes(), v6 ? Ip6 : Ip4, 16));
        Assert.Empty(_shop.Kernel.Counters.Drops());
    }

    [Fact]
    public void A_checksum_that_would_become_the_port_does_not_arrive()
    {
        // Written over the destination port, the checksum of this datagram is 22.
        var frame = (_shop.WebToDb() with { Data = 2 }).Bytes();
        Aim(frame, Ip4, 22);
        Assert.Null(Arrives(frame, Ip4, 2) is { } arrived ? BinaryPrimitives.ReadUInt16BigEndian(arrived.AsSpan(Ip4 + 2)) : (int?)null);
        Assert.Equal(1UL, _shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
    }

    [Fact]
    public void A_checksum_over_anything_that_was_read_is_dropped()
    {
        // Where the kernel takes it: nothing that starts below the 20th byte.
        (int Start, int Offset)[] places =
        [
            (20, 3), // protocol
            (20, 6), // source address
            (20, 10), // destination address
            (Ip4, 0), // source port
            (Ip4, 5), // half of the length
            (Ip4, 7), // half of the checksum
        ];
        var count = 0UL;
        foreach (var (start, offset) in places)
        {
            Assert.Null(Arrives((_shop.WebToDb() with { Data = 4 }).Bytes(), start, offset));
            Assert.Equal(++count, _shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
        }
        // An error's quote and TCP's options are read too.
        Assert.Null(Arrives((_shop.WebToDb() with { Proto = Protocols.Icmp, IcmpType = 8, Data = 40 }).Bytes(), Ip4, 8));
        Assert.Null(Arrives((_shop.WebToDb() with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Scale = 3 }).Bytes(), Ip4, 22));
        Assert.Equal(count + 2, _shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
    }

    [Fact]
    public void A_checksum_over_the_sender_of_arp_is_dropped_under_observe_too()
    {
        var guard = "apiVersion: merlon/v1\nkind: Guard\nmetadata: {name: all, tenant: platform}\nspec: {priority: 10, action: guard, select: [any], mode: observe}";
        _shop.Apply($"{Shop.Manifest}\n---\n{guard}\n");
        Assert.Null(Arrives(Neighbour.Arp(_shop.Web.Mac, _shop.Web.V4, _shop.Db.V4), 20, 8));
        Assert.Equal(1UL, _shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
    }

    // What db's guest sees of the frame that web's guest sent.
    private byte[]? Arrives(byte[] frame, int start, int offset)
    {
        // A host with br_netfilter looks at it.
        if (frame[12] == 8 && frame[13] == 0) BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Eth + 10), InternetChecksum.Of(frame.AsSpan(Eth, 20)));
        _web.Send(frame, start, offset);
        return _db.Receive(f => f.AsSpan(6, 6).SequenceEqual(Packet.Mac(_shop.Web.Mac)));
    }

    // Chooses the last two bytes so that the checksum from start on becomes value.
    private static void Aim(byte[] frame, int start, ushort value) =>
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(frame.Length - 2), InternetChecksum.Of([.. frame.AsSpan(start, frame.Length - 2 - start), .. Packet.Big16(value)]));
}
