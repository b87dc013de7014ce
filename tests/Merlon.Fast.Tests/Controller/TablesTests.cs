using System.Text.Json.Nodes;
using Merlon.Fast.Tests.Cli;
using Merlon.Policy.Compile;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Limits are seen before they are met.</summary>
public class TablesTests
{
    [Fact]
    public async Task What_the_tables_of_each_host_take_is_told_with_the_policy()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop", "10.8.0.6"));
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        var tables = (await controller.Host(Sample.HostA)).Tables!;
        Assert.Equal((2, 2L, 65535L, 8L * ImageLimits.Words), (tables.ServiceClasses.Used, tables.GuardedNics.Used, tables.RemoteClasses.Limit, tables.Bytes.Limit));
        Assert.InRange(tables.Bytes.Used, 262_144, 1_000_000);
        Assert.Equal((2, 0, 1, 1, 2), (tables.CellsOfRuleset.Used, tables.Ipv6Lengths.Used, tables.Realms.Used, tables.Rules.Used, tables.PortChunks.Used));
        Assert.Equal(7, tables.ServiceCombos.Used);
        Assert.Equal((ImageLimits.CellsOfRuleset, ImageLimits.V6Lengths, ImageLimits.Realms, ImageLimits.Combos, ImageLimits.Chunks, ImageLimits.Rules),
            (tables.CellsOfRuleset.Limit, tables.Ipv6Lengths.Limit, tables.Realms.Limit, tables.ServiceCombos.Limit, tables.PortChunks.Limit, tables.Rules.Limit));
        var said = await CommandLine.Run(controller.Environment, "describe", "policy", "shop/open");
        Golden.Expect("describe-policy", said.Out);
        var json = JsonNode.Parse((await CommandLine.Run(controller.Environment, "describe", "policy", "shop/open", "-o", "json")).Out)!;
        Assert.Equal(tables.Bytes.Used, (long)json["tables"]![Sample.HostA]!["bytes"]!["used"]!);
    }
}
