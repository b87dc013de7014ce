using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>A flood of first fragments from one CPU: the table stays within its bound, and what comes between a neighbour's two fragments may be
/// half of its entries (docs/packet-path.md, Fragments). A first fragment makes one entry at each hook that lets it through.</summary>
public sealed class FragmentFloodTests : IDisposable
{
    private const int Room = 8192, Promised = Room / 2;
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Half_the_table_may_come_between_two_fragments_of_a_neighbour(bool v6, bool betweenVms)
    {
        var firsts = betweenVms ? Promised / 2 : Promised;
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(Outcome.Pass, First(round, v6));
            var before = Remembered();
            Flood(round * firsts, firsts, v6, betweenVms);
            if (round == 0) Assert.Equal(Promised, Remembered() - before);
            Assert.Equal(Outcome.Pass, Later(round, v6));
            Assert.InRange(Remembered(), 1, Room);
        }
        // The control: the table was full, and a flood of more than all of it does push the neighbour's out.
        First(9, v6);
        Flood(3 * firsts, 4 * firsts, v6, betweenVms);
        Assert.Equal(new(false, "to_vm", Reason.Fragment), Later(9, v6));
        Assert.InRange(Remembered(), Promised, Room);
    }

    [Theory]
    [InlineData("from_vm", Reason.Default, 0)]
    [InlineData("to_vm", Reason.HalfOpenBudget, 1)]
    public void A_first_fragment_that_is_refused_takes_room_at_the_hooks_that_it_passed(string hook, Reason reason, int entries)
    {
        const int many = 1000;
        First(0, v6: false);
        var before = Remembered();
        var flow = _shop.WebToDb() with { MoreFragments = true, Data = 1472, DestinationPort = hook == "from_vm" ? 79 : 80 };
        _shop.Kernel.Budgets.SetLimits(_shop.Web.Record.Vm, 0, 1);
        Assert.True(_shop.Send(_shop.WebToOutside()).Passed);
        for (var i = 0; i < many; i++) Assert.Equal(new(false, hook, reason), _shop.Send(flow with { Id = i, SourcePort = 3000 + i }));
        Assert.Equal(before + many * entries, Remembered());
        Assert.Equal(Outcome.Pass, Later(0, v6: false));
    }

    // The neighbour's come from outside to db; the flood is web's, on one connection.
    private Outcome First(int id, bool v6) => _shop.Send(_shop.OutsideToDb(v6) with { Id = 60000 + id, MoreFragments = true, Data = 1472 });

    private Outcome Later(int id, bool v6) => _shop.Send(_shop.OutsideToDb(v6) with { Id = 60000 + id, FragmentOffset = 1480, Data = 520 });

    private void Flood(int from, int count, bool v6, bool betweenVms)
    {
        var flow = betweenVms ? _shop.WebToDb(v6) : _shop.WebToOutside(v6);
        for (var i = from; i < from + count; i++) Assert.Equal(Outcome.Pass, _shop.Send(flow with { Id = i, MoreFragments = true, Data = 1472 }));
    }

    private int Remembered()
    {
        using var maps = new EntryMaps(_shop.Folder);
        return maps.Fragments;
    }
}
