using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.Maps;

public class TablesTests
{
    [Fact]
    public void Ports_macs_and_owners_are_set_listed_and_removed()
    {
        using var program = LoadedProgram.OfMaps();
        var datapath = program.Datapath;
        MacAddress.TryParse("52:54:00:00:00:05", out var mac).Should().BeTrue();
        datapath.Ports.Set(7, new() { Vnic = 3, Slot = 1, Segment = 2, Mac = MacBytes.From(mac), Flags = PortFlags.Closed });
        datapath.Macs.Set(2, mac, 7, 3);
        datapath.Owners.Set(0, Address.Parse("10.8.0.5"), 3);
        datapath.Owners.Set(0, Address.Parse("fd00::5"), 3);

        datapath.Ports.List().Should().ContainKey(7).WhoseValue.Mac.ToMac().Should().Be(mac);
        datapath.Ports.TryGet(7, out var port).Should().BeTrue();
        port.Flags.Should().Be(PortFlags.Closed);
        datapath.Macs.List().Should().ContainSingle().Which.Owner.Ifindex.Should().Be(7);
        datapath.Owners.List().Select(o => o.Address.ToString()).Should().BeEquivalentTo("10.8.0.5", "fd00::5");

        datapath.Ports.Remove(7).Should().BeTrue();
        datapath.Ports.Remove(7).Should().BeFalse();
        datapath.Macs.Remove(2, mac).Should().BeTrue();
        datapath.Owners.Remove(0, Address.Parse("fd00::5")).Should().BeTrue();
        datapath.Owners.List().Should().ContainSingle();
    }

    [Fact]
    public void A_full_table_says_which_and_how_large()
    {
        using var program = LoadedProgram.OfMaps();
        var fill = () =>
        {
            for (var i = 1; i <= AbiLimits.MaxSlots + 1; i++) program.Datapath.Ports.Set(i, default);
        };
        fill.Should().Throw<Merlon.Datapath.DatapathException>().Which.Message.Should().Contain("ports").And.Contain("4096");
        program.Datapath.Ports.List().Should().HaveCount(AbiLimits.MaxSlots);
    }

    [Fact]
    public void Budget_limits_leave_the_counts_alone()
    {
        using var program = LoadedProgram.OfMaps();
        program.Datapath.Budgets.SetLimits(5, 1000, 100);
        program.Datapath.Budgets.Get(5).MaxConnections.Should().Be(1000);
        program.Datapath.Budgets.Get(5).MaxHalfOpen.Should().Be(100);
        program.Datapath.Budgets.Get(5).Connections.Should().Be(0);
    }

    [Fact]
    public void Drops_are_added_up_over_the_CPUs()
    {
        using var program = new LoadedProgram();
        using var link = new TapLink();
        var drops = program.Datapath.Tests.Run("from_vm", new byte[64], link.Ifindex, repeat: 10);
        drops.Dropped.Should().BeTrue();
        program.Datapath.Counters.Drops().Values.Aggregate(0ul, (a, b) => a + b).Should().Be(10);
        program.Datapath.Counters.RuleHits(16).Should().Be(default(RuleHits));
    }
}
