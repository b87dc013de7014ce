using System.Runtime.CompilerServices;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>A flood of first fragments: the table stays within its bound, and what comes between a neighbour's two fragments may be half of it
/// (docs/packet-path.md, Fragments).</summary>
public sealed class FragmentFloodTests : IDisposable
{
    private const int Room = 8192, Promised = Room / 2;
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Half_the_table_may_come_between_two_fragments_of_a_neighbour(bool v6)
    {
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(Outcome.Pass, First(round, v6));
            Flood(round * Promised, Promised, v6);
            Assert.Equal(Outcome.Pass, Later(round, v6));
            Assert.InRange(Remembered(), 1, Room);
        }
        // The control: the table was full, and a flood of more than all of it does push the neighbour's out.
        First(9, v6);
        Flood(3 * Promised, 2 * Room, v6);
        Assert.Equal(new(false, "to_vm", Reason.Fragment), Later(9, v6));
        Assert.InRange(Remembered(), Promised, Room);
    }

    [Fact]
    public void First_fragments_that_are_refused_take_no_room()
    {
        First(0, v6: false);
        var before = Remembered();
        for (var i = 0; i < Room; i++) Assert.False(_shop.Send(_shop.WebToDb() with { Id = i, MoreFragments = true, Data = 1472, DestinationPort = 79 }).Passed);
        Assert.Equal(before, Remembered());
        Assert.Equal(Outcome.Pass, Later(0, v6: false));
    }

    // The neighbour's come from outside to db; the flood is web's, on one connection.
    private Outcome First(int id, bool v6) => _shop.Send(_shop.OutsideToDb(v6) with { Id = 60000 + id, MoreFragments = true, Data = 1472 });

    private Outcome Later(int id, bool v6) => _shop.Send(_shop.OutsideToDb(v6) with { Id = 60000 + id, FragmentOffset = 1480, Data = 520 });

    private void Flood(int from, int count, bool v6)
    {
        for (var i = from; i < from + count; i++) Assert.Equal(Outcome.Pass, _shop.Send(_shop.WebToOutside(v6) with { Id = i, MoreFragments = true, Data = 1472 }));
    }

    private int Remembered()
    {
        using var map = _shop.Open("fragments");
        return map.ReadAll<Key, Value>().Count;
    }

    /// <summary>struct fragment_key of datapath/work.h.</summary>
    [InlineArray(48)]
    private struct Key
    {
        private byte _first;
    }

    /// <summary>struct fragment.</summary>
    [InlineArray(16)]
    private struct Value
    {
        private byte _first;
    }
}
