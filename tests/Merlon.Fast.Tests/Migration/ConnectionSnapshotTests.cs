using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;
using Merlon.Agent.Migration.Connections;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Migration;

/// <summary>The bytes in a migration stream or a save file are anybody's.</summary>
public sealed class ConnectionSnapshotTests
{
    private static readonly Gen<Address> s_address = Gen.OneOf(Gen.UInt.Select(n => new Address(n, AddressFamily.IPv4)),
        Gen.ULong.Select(Gen.ULong, (h, l) => new Address(new UInt128(h | 1UL << 60, l), AddressFamily.IPv6)));

    private static readonly Gen<CarriedConnection> s_connection =
        from ends in Gen.Select(s_address, s_address, Gen.UShort, Gen.UShort)
        from kind in Gen.Select(Gen.UShort, Gen.Byte, Gen.Byte[0, 63], Gen.Byte[0, 14])
        from windows in Gen.UInt.Array[6]
        from counts in Gen.ULong.Array[5]
        from times in Gen.UInt.Array[5]
        select new CarriedConnection(kind.Item1, kind.Item2, (CarriedFlags)kind.Item3, kind.Item4, (byte)(14 - kind.Item4), times[4], ends.Item1, ends.Item2, ends.Item3, ends.Item4,
            new() { End = windows[0], MaxEnd = windows[1], MaxWin = windows[2] }, new() { End = windows[3], MaxEnd = windows[4], MaxWin = windows[5] },
            times[0], times[1], counts[0], counts[1], counts[2], counts[3], counts[4], times[2], times[3]);

    [Fact]
    public void What_was_written_comes_back() => s_connection.Array[0, 40].Sample(connections =>
    {
        var back = ConnectionSnapshot.Read(new ConnectionSnapshot(Snapshots.Vm, "host-1", 5, true, 3, connections).Write());
        Assert.Equal((Snapshots.Vm, "host-1", 5L, true, 3), (back.Vm, back.Host, back.SentUnixMs, back.Answered, back.LeftOut));
        Assert.Equal(connections.Select(Snapshots.Hex).Order(), back.Connections.Select(Snapshots.Hex).Order());
    });

    [Fact]
    public void A_connection_goes_through_the_kernels_form_and_back() => s_connection.Sample(c =>
    {
        if (!(c with { RemainingMs = 1000, AgeMs = 5000, IdleMs = 10, Proto = Protocols.Tcp }).IsSound) return;
        var carried = c with { RemainingMs = 1000, AgeMs = 5000, IdleMs = 10, Proto = Protocols.Tcp };
        var held = carried.At(3, 17, 5);
        Assert.Equal((17U, 0U, 5, 3), (held.Record.Side[held.Side].Vnic, held.Record.Side[1 - held.Side].Vnic, held.Record.Vm, held.Key.Segment));
        // The kernel turns durations into instants.
        const ulong now = 1_000_000_000_000;
        var record = held.Record;
        (record.Expires, record.CreatedNs, record.LastMs) = ((uint)(now / 1_000_000) + record.Expires, now - record.CreatedNs, (uint)(now / 1_000_000) - record.LastMs);
        Assert.Equal(Snapshots.Hex(carried), Snapshots.Hex(CarriedConnection.From(held with { Record = record }, carried.Nic, now)));
    });

    /// <summary>created counts in ns, the last packet in whole ms, and a packet may come between the look and the clock.</summary>
    [Theory]
    [InlineData(1_000_999_999UL, 1000U, 2_000_000_000UL, 2005U, 999UL, 999U, 5U)]
    [InlineData(1_000_000_000UL, 2001U, 2_000_000_000UL, 1999U, 1000UL, 0U, 1U)]
    [InlineData(2_000_500_000UL, 2000U, 2_000_000_000UL, 2000U, 0UL, 0U, 1U)]
    public void However_clocks_are_rounded_a_live_connection_is_sound(ulong createdNs, uint lastMs, ulong nowNs, uint expires, ulong age, uint idle, uint remaining)
    {
        var held = Snapshots.Connection(5).At(3, 17, 5);
        var record = held.Record;
        (record.CreatedNs, record.LastMs, record.Expires) = (createdNs, lastMs, expires);
        var carried = CarriedConnection.From(held with { Record = record }, 0, nowNs);
        Assert.Equal((age, idle, remaining, true), (carried.AgeMs, carried.IdleMs, carried.RemainingMs, carried.IsSound));
    }

    [Fact]
    public void More_than_fits_is_cut_the_closing_and_longest_idle_first()
    {
        var dice = new Random(4711);
        CarriedConnection Noisy(int n) => Snapshots.Connection(n) with
        {
            LocalWindow = new() { End = (uint)dice.Next(), MaxEnd = (uint)dice.Next() },
            RemoteWindow = new() { End = (uint)dice.Next(), MaxEnd = (uint)dice.Next() },
            LocalBytes = (ulong)dice.NextInt64(),
            RemoteBytes = (ulong)dice.NextInt64(),
            IdleMs = (uint)n,
            Flags = n % 10 == 0 ? CarriedFlags.LocalFin : CarriedFlags.None,
        };
        var bytes = (Snapshots.Of(0) with { Connections = [.. Enumerable.Range(0, 60_000).Select(Noisy)] }).Write();
        Assert.InRange(bytes.Length, ConnectionSnapshot.MostBytes / 2, ConnectionSnapshot.MostBytes);
        var back = ConnectionSnapshot.Read(bytes);
        Assert.Equal(60_000, back.Connections.Count + back.LeftOut);
        Assert.True(back.LeftOut > 10_000);
        Assert.All(back.Connections, c => Assert.Equal(CarriedFlags.None, c.Flags));
        Assert.Equal(Enumerable.Range(0, 60_000).Where(n => n % 10 != 0).Take(back.Connections.Count).Select(n => (uint)n), back.Connections.Select(c => c.IdleMs));
    }

    [Fact]
    public void Ten_thousand_connections_fit()
    {
        var bytes = Snapshots.Bytes(10_000);
        Assert.Equal((10_000, 0), (ConnectionSnapshot.Read(bytes).Connections.Count, ConnectionSnapshot.Read(bytes).LeftOut));
    }

    [Fact]
    public void Garbage_is_refused_and_bounded()
    {
        var good = Snapshots.Bytes(40);
        for (var length = 0; length < good.Length; length++) Refused(good[..length]);
        Refused([.. good, 0]);
        Refused(new byte[ConnectionSnapshot.MostBytes + 1]);
        // More connections than are packed, fewer, and more than there may be.
        foreach (var count in (int[])[41, 39, -1, int.MaxValue, ConnectionSnapshot.MostRows, ConnectionSnapshot.MostRows + 1])
        {
            var lying = (byte[])good.Clone();
            BinaryPrimitives.WriteInt32LittleEndian(lying.AsSpan(32), count);
            Refused(lying);
        }
    }

    [Fact]
    public void A_bomb_unpacks_no_further_than_its_head_says()
    {
        var packed = new byte[1 << 20];
        Assert.True(BrotliEncoder.TryCompress(new byte[512 << 20], packed, out var length, 1, 22));
        var head = Snapshots.Bytes(0)[..(40 + 6)];
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(32), 10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused([.. head, .. packed[..length]]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void A_host_name_is_fit_for_a_terminal() =>
        Assert.Equal("a??m?b", ConnectionSnapshot.Read((Snapshots.Of(0) with { Host = "a\u001b[m\nb" }).Write()).Host);

    private static void Refused(byte[] bytes) => Assert.Throws<FormatException>(() => ConnectionSnapshot.Read(bytes));
}
