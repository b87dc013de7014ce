using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class AccessTests
{
    private static readonly Scene Shop = new(Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("web-2", "tier: web", "10.8.0.6"), Scene.Vm("db-1", "tier: db", "10.8.0.7, 'fd00::7'"))
        + Scene.Group("web", "{select: {labels: {tier: web}}}") + Scene.Group("db", "{select: {labels: {tier: db}}}")
        + Scene.Rules("app", "name: web-in, from: [any], to: [group/web], services: [tcp/80, tcp/443], action: allow", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow"));

    [Theory]
    [InlineData(Direction.In, "group/db", "group/shop/web > group/shop/db: tcp/5432 by shop/app/web-db@1")]
    [InlineData(Direction.In, "vm/web-2", "any > vm/web-2: tcp/80, tcp/443 by shop/app/web-in@1")]
    [InlineData(Direction.Out, "10.8.0.7", "group/shop/db > group/shop/web: tcp/80, tcp/443 by shop/app/web-in@1")]
    [InlineData(Direction.In, "198.51.100.9", "")]
    [InlineData(Direction.Out, "192.0.2.0/24", "cidr/192.0.2.0/24 > group/shop/web: tcp/80, tcp/443 by shop/app/web-in@1")]
    public void Boxes_say_who_reaches_whom(Direction direction, string who, string expected)
    {
        var boxes = Access.Of(new(Shop.Set, Shop.Inventory), who, direction, 0).Boxes.Select(Text).Distinct().ToArray();
        if (expected.Length == 0) Assert.Empty(boxes);
        else Assert.Contains(expected, boxes);
    }

    [Fact]
    public void What_means_nothing_is_told_so() =>
        Assert.Equal("unknown-group", Access.Of(new(Shop.Set, Shop.Inventory), "group/dbs", Direction.In, 0).Problem?.Code);

    /// <summary>Whatever passes by rules is in a box of what the one can reach and in one of who can reach the other, with its service and rules.</summary>
    [Fact]
    public void Nothing_that_passes_is_left_out_for_random_policies()
    {
        var (passed, refused) = (0, 0);
        for (var seed = 100UL; seed < 140; seed++)
        {
            var policy = new RandomPolicy(seed);
            var scene = new Scene(policy.Text);
            var revision = new Revision(scene.Set, scene.Inventory);
            var packets = new RandomPackets(seed, scene.Set, scene.Inventory);
            var plain = CaseRunner.PlainEngine(scene.Set, scene.Inventory);
            for (var i = 0; i < 40; i++)
            {
                var packet = packets.Next() with { At = 500 };
                var (from, to) = FlowParties.Of(scene.Inventory, packet);
                var flow = plain(packet);
                if (from?.Nic.Addresses.Contains(packet.From.Address) != true || to?.Nic.Addresses.Contains(packet.To.Address) != true
                    || from.Nic.Realm != InventoryNic.DefaultRealm || to.Nic.Realm != InventoryNic.DefaultRealm || from.Key == to.Key || packet.From.Address.Family != packet.To.Address.Family
                    || IsBuiltin(flow.OutRule) || IsBuiltin(flow.InRule) || IsAnswer(packet)) continue;
                var outOf = Access.Of(revision, packet.From.Address.ToString(), Direction.Out, 500).Boxes;
                var into = Access.Of(revision, packet.To.Address.ToString(), Direction.In, 500).Boxes;
                if (flow.Verdict is not (Verdict.Allow or Verdict.WouldDeny))
                {
                    refused++;
                    continue;
                }
                passed++;
                foreach (var boxes in new[] { outOf, into })
                    Assert.True(boxes.Any(b => Holds(b.Services, packet) && Says(b, flow.OutRule) && Says(b, flow.InRule)), $"seed {seed}: {packet} {flow}\n{string.Join('\n', boxes.Select(Text))}\n{policy.Text}");
            }
        }
        Assert.True(passed > 20 && refused > 20, $"{passed} passed, {refused} refused");
    }

    private static bool IsBuiltin(RuleRef? rule) => rule?.ToString().StartsWith("builtin/", StringComparison.Ordinal) == true;

    /// <summary>Echo replies and ICMP errors go with their connection.</summary>
    private static bool IsAnswer(FlowQuestion packet) => packet.Protocol is Protocols.Icmp or Protocols.Icmp6;

    private static bool Says(AccessBox box, RuleRef? rule) => rule is not { } name || box.Rules.Contains(name);

    private static bool Holds(Services services, FlowQuestion packet) => services.Matches.Any(m => Matches(m, packet)) && !services.Except.Any(m => Matches(m, packet));

    private static bool Matches(ServiceMatch match, FlowQuestion packet) => match.Matches(packet.Protocol, packet.DestinationPort, packet.SourcePort);

    private static string Text(AccessBox box) => $"{box.From} > {box.To}: {box.Services} by {string.Join(", ", box.Rules)}";
}
