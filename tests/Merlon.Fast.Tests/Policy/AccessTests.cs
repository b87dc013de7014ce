using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class AccessTests
{
    private const long At = 500;

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

    /// <summary>What passes by rules is in exactly one box, with the rules that let it pass; what is refused is in none. Of random policies, asked of everybody,
    /// of one VM and of one group.</summary>
    [Fact]
    public void Boxes_hold_what_passes_and_nothing_else_for_random_policies()
    {
        var (passed, refused) = (0, 0);
        for (var seed = 100UL; seed < 120; seed++)
        {
            var random = new RandomPolicy(seed);
            var revision = new Revision(random.Set, random.Inventory);
            var packets = new RandomPackets(seed, random.Set, random.Inventory);
            var plain = CaseRunner.PlainEngine(random.Set, random.Inventory);
            string[] asked = ["any", $"vm/{random.Inventory.Vms[0].Uuid}", .. random.Set.Groups.Take(1).Select(g => $"group/{g.Tenant}/{g.Name}")];
            var boxes = (from who in asked from direction in Enum.GetValues<Direction>() select (Who: who, Direction: direction, Access.Of(revision, who, direction, At).Boxes)).ToArray();
            for (var i = 0; i < 300; i++)
            {
                var packet = packets.Next() with { At = At };
                var flow = plain(packet);
                if (Ends(random.Inventory, packet) is not var (realm, from, to) || IsBuiltin(flow.OutRule) || IsBuiltin(flow.InRule)) continue;
                var passes = flow.Verdict is Verdict.Allow or Verdict.WouldDeny;
                if (passes) passed++;
                else refused++;
                foreach (var (who, direction, all) in boxes)
                {
                    var meant = passes && Means(random.Set, who, direction == Direction.Out ? from : to);
                    var holding = all.Where(b => b.Realm == realm && b.Families.Contains(packet.From.Address.Family) && Means(random.Set, b.From, from) && Means(random.Set, b.To, to) && Holds(b.Services, packet)).ToArray();
                    Assert.True(holding.Length == (meant ? 1 : 0) && holding.All(b => Says(b, flow.OutRule) && Says(b, flow.InRule)),
                        $"seed {seed}, {direction} of {who}: {packet} {flow}: {string.Join("; ", holding.Select(Text))}\n{random.Text}");
                }
            }
        }
        Assert.True(passed > 500 && refused > 500, $"{passed} passed, {refused} refused");
    }

    /// <summary>Realm and parties of a packet between owned addresses and outside ones; null for a VM that speaks from another's address, which antiSpoof drops.</summary>
    private static (string Realm, PlainParty From, PlainParty To)? Ends(VmInventory inventory, FlowQuestion packet)
    {
        var (from, to) = FlowParties.Of(inventory, packet);
        if (from?.Nic.Addresses.Contains(packet.From.Address) == false || to?.Nic.Addresses.Contains(packet.To.Address) == false) return null;
        if (from is not null && to is not null && from.Nic.Realm != to.Nic.Realm) return null;
        var realm = (from ?? to)!.Nic.Realm;
        return (realm, PlainParty.At(inventory, realm, packet.From.Address), PlainParty.At(inventory, realm, packet.To.Address));
    }

    private static bool Means(PolicySet set, Ends ends, PlainParty party) => ends.Names.Any(n => Means(set, n, party)) && !ends.Except.Any(n => Means(set, n, party));

    private static bool Means(PolicySet set, string name, PlainParty party) => name == "outside" ? party.Nic is null
        : new PlainMembership(set).Is(Document.Platform, CaseEnd.Parse(name, default, out _)!, party);

    private static bool IsBuiltin(RuleRef? rule) => rule?.ToString().StartsWith("builtin/", StringComparison.Ordinal) == true;

    private static bool Says(AccessBox box, RuleRef? rule) => rule is not { } name || box.Rules.Contains(name);

    private static bool Holds(Services services, FlowQuestion packet) => services.Matches.Any(m => Matches(m, packet)) && !services.Except.Any(m => Matches(m, packet));

    private static bool Matches(ServiceMatch match, FlowQuestion packet) => match.Matches(packet.Protocol, packet.DestinationPort, packet.SourcePort);

    private static string Text(AccessBox box) => $"{box.From} > {box.To}: {box.Services} by {string.Join(", ", box.Rules)}";
}
