using System.Buffers.Binary;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>A guest's virtio header names the place where the host writes a checksum, and the size of the segments that the host cuts,
/// after both hooks have read the packet.</summary>
public sealed class OffloadTests : IDisposable
{
    private const int Eth = 14, Ip4 = Eth + 20, Ip6 = Eth + 40;
    private readonly TappedShop _taps = new();

    private Shop Shop => _taps.Shop;

    public void Dispose() => _taps.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_checksum_in_its_own_place_is_written(bool v6)
    {
        var frame = Shop.WebToDb(v6).Bytes();
        Assert.NotEqual(0, Arrives(frame, v6 ? Ip6 : Ip4, 6) is { } udp ? BinaryPrimitives.ReadUInt16BigEndian(udp.AsSpan((v6 ? Ip6 : Ip4) + 6)) : 0);
        // Of a packet inside the datagram (a guest's own tunnel).
        Assert.NotNull(Arrives((Shop.WebToDb(v6) with { Data = 60 }).Bytes(), (v6 ? Ip6 : Ip4) + 8 + 20, 16));
        Assert.NotNull(Arrives((Shop.WebToDb(v6) with { Proto = Protocols.Tcp, Flags = Tcp.Syn }).Bytes(), v6 ? Ip6 : Ip4, 16));
        Assert.Empty(Shop.Kernel.Counters.Drops());
    }

    [Fact]
    public void A_checksum_that_would_become_the_port_does_not_arrive()
    {
        // Written over the destination port, the checksum of this datagram is 22.
        var frame = (Shop.WebToDb() with { Data = 2 }).Bytes();
        Aim(frame, Ip4, 22);
        Assert.Null(Arrives(frame, Ip4, 2) is { } arrived ? BinaryPrimitives.ReadUInt16BigEndian(arrived.AsSpan(Ip4 + 2)) : (int?)null);
        Assert.Equal(1UL, Shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
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
            Assert.Null(Arrives((Shop.WebToDb() with { Data = 4 }).Bytes(), start, offset));
            Assert.Equal(++count, Shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
        }
        // An error's quote and TCP's options are read too.
        Assert.Null(Arrives((Shop.WebToDb() with { Proto = Protocols.Icmp, IcmpType = 8, Data = 40 }).Bytes(), Ip4, 8));
        Assert.Null(Arrives((Shop.WebToDb() with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Scale = 3 }).Bytes(), Ip4, 22));
        Assert.Equal(count + 2, Shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
    }

    [Fact]
    public void A_checksum_over_the_sender_of_arp_is_dropped_under_observe_too()
    {
        var guard = "apiVersion: merlon/v1\nkind: Guard\nmetadata: {name: all, tenant: platform}\nspec: {priority: 10, action: guard, select: [any], mode: observe}";
        Shop.Apply($"{Shop.Manifest}\n---\n{guard}\n");
        Assert.Null(Arrives(Neighbour.Arp(Shop.Web.Mac, Shop.Web.V4, Shop.Db.V4), 20, 8));
        Assert.Equal(1UL, Shop.Kernel.Counters.Drops()[Reason.ChecksumOffload]);
    }

    /// <summary>The host numbers the pieces from 0 on: a later fragment would become the first one, with ports that nobody judged.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_fragment_is_not_cut_into_others(bool v6, bool checksum)
    {
        var first = Shop.WebToDb(v6) with { Data = 8, Id = 5, MoreFragments = true };
        Assert.NotNull(Arrives(first.Bytes(), v6 ? Ip6 + 8 : Ip4, 6));
        var later = first with { FragmentOffset = 16, Body = [.. Packet.Big16(40000), .. Packet.Big16(22), .. Packet.Big16(40), 0, 0, .. new byte[24]] };
        Assert.Equal("", Shown(Pieces(later.Bytes(), Cut(checksum, v6 ? Ip6 + 8 : Ip4, size: 16))));
        Assert.Equal(1UL, Shop.Kernel.Counters.Drops()[Reason.SegmentOffload]);
        Assert.NotNull(Arrives((later with { MoreFragments = false }).Bytes(), v6 ? Ip6 + 8 : Ip4, 6));
    }

    /// <summary>Pieces of a datagram begin at multiples of 8: others would lie over each other, and over the ports.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_datagram_is_cut_at_multiples_of_8_only(bool v6, bool checksum)
    {
        var frame = (Shop.WebToDb(v6) with { Data = 56 }).Bytes();
        foreach (var size in new[] { 1, 4, 12, 63 }) Assert.Equal("", Shown(Pieces(frame, Cut(checksum, v6 ? Ip6 : Ip4, size))));
        Assert.Equal(4UL, Shop.Kernel.Counters.Drops()[Reason.SegmentOffload]);
        Assert.Equal(4, Pieces(frame, Cut(checksum, v6 ? Ip6 : Ip4, size: 16)).Count);
        Assert.Equal(4UL, Shop.Kernel.Counters.Drops()[Reason.SegmentOffload]);
    }

    // UDP fragmentation offload (GSO_UDP), the checksum left to the host as well or not.
    private static byte[] Cut(bool checksum, int start, int size) =>
        [(byte)(checksum ? 1 : 0), 3, (byte)(start + 8), 0, (byte)size, 0, (byte)(checksum ? start : 0), 0, (byte)(checksum ? 6 : 0), 0];

    private static string Shown(List<byte[]> frames) => string.Join('\n', frames.Select(Convert.ToHexString));

    private List<byte[]> Pieces(byte[] frame, byte[] header)
    {
        Assert.True(_taps.Web.TrySend(header, Checked(frame)));
        var pieces = new List<byte[]>();
        var buffer = new byte[2048];
        while (_taps.Db.Next(buffer) is { } piece)
            if (piece.AsSpan(6, 6).SequenceEqual(Packet.Mac(Shop.Web.Mac))) pieces.Add(piece);
        return pieces;
    }

    // What db's guest sees of the frame that web's guest sent.
    private byte[]? Arrives(byte[] frame, int start, int offset)
    {
        _taps.Web.Send(Checked(frame), start, offset);
        return _taps.Db.Receive(f => f.AsSpan(6, 6).SequenceEqual(Packet.Mac(Shop.Web.Mac)));
    }

    // A host with br_netfilter looks at it.
    private static byte[] Checked(byte[] frame)
    {
        if (frame[12] == 8 && frame[13] == 0) BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Eth + 10), InternetChecksum.Of(frame.AsSpan(Eth, 20)));
        return frame;
    }

    // Chooses the last two bytes so that the checksum from start on becomes value.
    private static void Aim(byte[] frame, int start, ushort value) =>
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(frame.Length - 2), InternetChecksum.Of([.. frame.AsSpan(start, frame.Length - 2 - start), .. Packet.Big16(value)]));
}
