using System.Buffers.Binary;
using System.IO.Compression;
using AwesomeAssertions;
using CsCheck;
using Merlon.Agent.Migration;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>The bytes in QEMU's migration stream.</summary>
public class SnapshotFormatTest
{
    private const int HeadBytes = 38, BlockHeadBytes = 8;

    [Fact]
    public void What_was_packed_comes_out_as_it_went_in() =>
        Travellers.Any.Array[0, 60].Sample(all =>
        {
            TravellingConnection[] distinct = [.. all.DistinctBy(c => c.Tuple)];
            var snapshot = Travellers.Snapshot(distinct) with { LeftBehind = 7 };
            var back = SnapshotFormat.Unpack(SnapshotFormat.Pack(snapshot));
            Assert.Equal((Travellers.Vm, Travellers.Saved, 7), (back.VmUuid, back.SavedAt, back.LeftBehind));
            Assert.Equal(BoardingOrder.Of(distinct), back.Connections);
        }, iter: 300);

    [Fact]
    public void Tens_of_thousands_find_room_and_the_rest_is_counted()
    {
        var packed = SnapshotFormat.Pack(Travellers.Snapshot(Enumerable.Range(0, 100_000).Select(i => Travellers.Tcp(i))));
        packed.Length.Should().BeLessThanOrEqualTo(SnapshotFormat.MostBytes);
        var back = SnapshotFormat.Unpack(packed);
        TestContext.Current.TestOutputHelper?.WriteLine($"{back.Connections.Length} connections in {packed.Length} bytes");
        back.Connections.Length.Should().BeGreaterThan(20_000);
        (back.Connections.Length + back.LeftBehind).Should().Be(100_000);
        back.Connections.Max(c => c.Idle).Should().BeLessThan(TimeSpan.FromSeconds(back.Connections.Length), "the ones in use go first");
    }

    [Fact]
    public void Established_TCP_goes_before_all_else_and_what_has_ended_stays()
    {
        var tcp = Travellers.Tcp(9);
        var udp = Travellers.Tcp(1) with { Proto = 17, State = ConnState.Replied };
        var closing = Travellers.Tcp(2) with { State = ConnState.Closing };
        var half = Travellers.Tcp(3) with { State = ConnState.New };
        var over = Travellers.Tcp(4) with { State = ConnState.Closed };
        BoardingOrder.Of([half, over, closing, udp, tcp]).Should().Equal(tcp, udp, closing, half);
    }

    [Fact]
    public void None_is_a_snapshot_too()
    {
        var back = SnapshotFormat.Unpack(SnapshotFormat.Pack(ConnectionSnapshot.Empty(Travellers.Vm, Travellers.Saved)));
        back.Should().BeEquivalentTo(new { Travellers.Vm, LeftBehind = 0 }, o => o.WithMapping("Vm", "VmUuid"));
        back.Connections.Should().BeEmpty();
    }

    [Fact]
    public void No_changed_byte_and_no_cut_gives_more_than_a_refusal_or_a_connection_that_can_be_written_down()
    {
        var good = SnapshotFormat.Pack(Travellers.Snapshot(Enumerable.Range(0, 50).Select(i => Travellers.Tcp(i))));
        for (var length = 0; length < good.Length; length++) FluentActions.Invoking(() => SnapshotFormat.Unpack(good.AsSpan(0, length))).Should().Throw<ContractException>();
        FluentActions.Invoking(() => SnapshotFormat.Unpack([.. good, 0])).Should().Throw<ContractException>();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 6].Sample(changes =>
        {
            var bad = good.ToArray();
            foreach (var (at, value) in changes) bad[at] = value;
            try { SnapshotFormat.Pack(SnapshotFormat.Unpack(bad)); }
            catch (ContractException) { }
        }, iter: 5000);
    }

    [Fact]
    public void No_row_of_numbers_gives_more_than_that_either() =>
        Gen.OneOf(Gen.ULong[0, 3], Gen.ULong, Gen.UInt.Select(u => (ulong)u)).Array[ConnectionColumns.Count].Sample(row =>
        {
            try { SnapshotFormat.Pack(Travellers.Snapshot(ConnectionColumns.Read(row, ["a", "b"]))); }
            catch (ContractException) { }
        }, iter: 20_000);

    [Theory]
    [InlineData(0, "are none")]
    [InlineData(4, "are of version 2")]
    [InlineData(5, "have 3 columns")]
    public void Another_version_installs_nothing_and_says_so(int at, string why)
    {
        var packed = SnapshotFormat.Pack(Travellers.Snapshot(Travellers.Tcp(1)));
        packed[at] = at == 5 ? (byte)3 : (byte)2;
        FluentActions.Invoking(() => SnapshotFormat.Unpack(packed)).Should().Throw<ContractException>().Which.Message.Should().Contain(why);
    }

    [Fact]
    public void A_later_version_with_more_columns_is_read()
    {
        var one = ConnectionColumns.Row(Travellers.Tcp(1), 0);
        byte[] plain = [1, 0, 1, (byte)'r', .. NumberTable.Write([[.. one, 77UL]], ConnectionColumns.Count + 1)];
        var packed = Handmade(1, plain);
        packed[5]++;
        SnapshotFormat.Unpack(packed).Connections.Should().Equal(Travellers.Tcp(1) with { Rule = "r" });
    }

    [Fact]
    public void A_bomb_takes_no_memory_and_a_connection_twice_is_none()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        FluentActions.Invoking(() => SnapshotFormat.Unpack(Handmade(2048, new byte[200 << 20]))).Should().Throw<ContractException>();
        var packing = 200 << 20; // our own array and its packed form
        (GC.GetAllocatedBytesForCurrentThread() - before - packing).Should().BeLessThan(220 << 20);
        var row = ConnectionColumns.Row(Travellers.Tcp(1), 0);
        FluentActions.Invoking(() => SnapshotFormat.Unpack(Handmade(2, [1, 0, 0, .. NumberTable.Write([row, row], ConnectionColumns.Count)])))
            .Should().Throw<ContractException>().WithMessage("*twice*");
    }

    private static byte[] Handmade(int rows, byte[] plain)
    {
        var block = new byte[BrotliEncoder.GetMaxCompressedLength(plain.Length)];
        BrotliEncoder.TryCompress(plain, block, out var length, 1, 22).Should().BeTrue();
        var packed = new byte[HeadBytes + BlockHeadBytes + length];
        SnapshotFormat.Pack(ConnectionSnapshot.Empty(Travellers.Vm, Travellers.Saved)).CopyTo(packed, 0);
        BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(34), 1);
        BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(HeadBytes), rows);
        BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(HeadBytes + 4), length);
        block.AsSpan(0, length).CopyTo(packed.AsSpan(HeadBytes + BlockHeadBytes));
        return packed;
    }
}
