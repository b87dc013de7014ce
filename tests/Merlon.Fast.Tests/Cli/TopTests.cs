using Merlon.Cli.Commands;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

/// <summary>Two looks make one record.</summary>
public sealed class TopTests
{
    private static readonly VmTraffic s_web = new("web", "u1", 1000, 2000, 100_000, 200_000, 5, 1, 10, 3);

    private static readonly string[] s_over = ["icmp-rate"];

    [Fact]
    public void What_grew_is_a_seconds_and_what_is_open_is_as_it_is()
    {
        var now = s_web with { PacketsOut = 3000, PacketsIn = 2500, BytesOut = 500_000, BytesIn = 200_000, Connections = 7, HalfOpen = 0, Opened = 30, Denied = 5, Over = s_over };
        var top = TopCommand.Between(new(0, 100, 10, 1_000, [s_web]), new(2_000_000_000, 1_100, 510, 500_001_000, [now]));
        Assert.Equal(new TopVm("web", "u1", 1000, 250, 200_000, 0, 7, 0, 10, 1, s_over), Assert.Single(top.Vms));
        Assert.Equal((2.0, 0.5, 0.25, 0.25), (top.Seconds, top.ShortCutShare, top.OneLookShare, top.HookCpu));
    }

    [Fact]
    public void A_new_VM_and_counters_that_began_anew_count_whole()
    {
        var top = TopCommand.Between(new(0, 900, 0, 5_000, [s_web with { Denied = 50 }]), new(1_000_000_000, 800, 0, 4_000, [s_web, s_web with { Vm = "db", VmUuid = "u2" }]));
        Assert.Equal(("db", 1000.0), (top.Vms[0].Vm, top.Vms[0].PacketsOut));
        Assert.Equal((0.0, 3.0), (top.Vms[1].PacketsOut, top.Vms[1].Denied));
        Assert.Equal((0.8, 4e-6), (top.ShortCutShare, top.HookCpu));
    }

    [Fact]
    public void Nobody_sends()
    {
        var top = TopCommand.Between(new(0, 0, 0, 0, [s_web]), new(1_000_000_000, 0, 0, 0, [s_web]));
        Assert.Equal((0.0, 0.0), (top.ShortCutShare, top.Vms[0].PacketsIn));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.5, "0.5")]
    [InlineData(9999, "9999")]
    [InlineData(12_345, "12.3k")]
    [InlineData(1_234_567, "1.23M")]
    [InlineData(45_678_000_000, "45.7G")]
    public void Numbers_are_short(double number, string text) => Assert.Equal(text, TopCommand.Short(number));
}
