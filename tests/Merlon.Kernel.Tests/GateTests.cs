using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Compile;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class GateTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private static Outcome Dropped(Reason reason, string hook = "from_vm") => new(false, hook, reason);

    [Fact]
    public void An_interface_without_a_record_drops_everything()
    {
        _shop.Kernel.Ports.Remove(_shop.Web.Ifindex);
        Assert.Equal(Dropped(Reason.NoPort), _shop.Send(_shop.WebToDb()));
        Assert.Equal(Dropped(Reason.NoPort), _shop.Hook("from_vm", _shop.Web, Neighbour.Arp(_shop.Web.Mac, _shop.Web.V4, _shop.Db.V4)));
        Assert.Empty(_shop.Events());
    }

    [Fact]
    public void A_closed_gate_drops_everything()
    {
        _shop.ChangePort("web", p => p with { Flags = PortFlags.Closed });
        Assert.Equal(Dropped(Reason.GateClosed), _shop.Send(_shop.WebToDb()));
        Assert.Equal(Dropped(Reason.GateClosed, "to_vm"), _shop.Hook("to_vm", _shop.Web, Neighbour.Arp(Shop.Router, Shop.OutsideV4, _shop.Web.V4)));
    }

    [Theory]
    [InlineData(PortFlags.None)]
    [InlineData(PortFlags.FailOpen)]
    public void A_slot_without_a_ruleset_is_closed_unless_its_guard_says_open(PortFlags flags)
    {
        _shop.ChangePort("web", p => p with { Slot = 4000, Flags = flags });
        Assert.Equal(flags == PortFlags.None ? Dropped(Reason.NoImage) : Outcome.Pass, _shop.Hook("from_vm", _shop.Web, _shop.WebToDb().Bytes()));
    }

    [Fact]
    public void Without_any_image_everything_is_dropped()
    {
        using var world = new World();
        world.Kernel.Ports.Set(TestPlace.Tap(0), _shop.Web.Record);
        Assert.Equal(Dropped(Reason.NoImage), world.Hook("from_vm", _shop.Web, _shop.WebToDb().Bytes()));
    }

    [Fact]
    public void An_image_that_points_outside_itself_fails_closed()
    {
        var words = _shop.Image!.Words.ToArray();
        foreach (var header in (int[])[2, 3, 4, 5, 8, 9, 10, 11, 12])
            foreach (var wrong in (ulong[])[0, words[header] & 0xffffffff00000000 | 0xfffffff0, words[header] & 0xffffffff])
            {
                var bad = (ulong[])words.Clone();
                bad[header] = wrong;
                Commit(bad);
                var outcome = _shop.Hook("from_vm", _shop.Web, (_shop.WebToOutside() with { SourcePort = 1000 + header }).Bytes());
                // Some of these words have a part that this packet never needs; then the verdict is the true one.
                if (outcome.Passed) Assert.Contains(header, (int[])[5, 12]);
                else Assert.Contains(outcome.Reason, (Reason[])[Reason.ImageFault, Reason.NoImage, Reason.Default]);
            }
    }

    [Fact]
    public void A_cell_without_a_verdict_fails_closed()
    {
        var words = _shop.Image!.Words.ToArray();
        var rulesets = (int)(uint)words[ImageLayout.WordRulesets];
        for (var r = 0; r < (int)(words[ImageLayout.WordRulesets] >> 32); r++)
        {
            var (columns, rows, cells) = (words[rulesets + 4 * r] >> 32, words[rulesets + 4 * r + 1] >> 32, (int)words[rulesets + 4 * r + 2]);
            for (var c = 0; c < (int)(rows * columns + 1) / 2; c++) words[cells + c] = 0; // narrow: nothing is observed
        }
        Commit(words);
        Assert.Equal(Dropped(Reason.ImageFault), _shop.Send(_shop.WebToDb()));
    }

    private void Commit(ulong[] words)
    {
        var bind = new ulong[AbiLimits.MaxSlots];
        bind[_shop.Web.Record.Slot] = 2 | 9UL << 32;
        bind[_shop.Db.Record.Slot] = 1 | 9UL << 32;
        _shop.Kernel.Images.Commit(words, bind, [.. Enumerable.Range(16, _shop.Image!.Rules.Length).Select(i => (uint)i)]);
    }
}
