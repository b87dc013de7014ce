using Merlon.Policy.Analyze;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class ProverTests
{
    private static readonly Scene Shop = new(Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("web-2", "tier: web", "10.8.0.6"), Scene.Vm("db-1", "tier: db", "10.8.0.7, 'fd00::7'"))
        + Scene.Group("web", "{select: {labels: {tier: web}}}") + Scene.Group("db", "{select: {labels: {tier: db}}}") + Scene.Group("internet", "{cidrs: [0.0.0.0/0, '::/0'], except: [group/web, group/db]}")
        + Scene.Rules("app", "name: web-in, from: [any], to: [group/web], services: [tcp/80, tcp/443], action: allow", "name: web-db, from: [group/web], to: [group/db], services: [tcp/5432], action: allow"));

    [Theory]
    [InlineData("group/internet", "group/db", "any", null)]
    [InlineData("group/internet", "group/web", "any", "1.0.0.1")]
    [InlineData("group/web", "vm/db-1", "any", "tcp/5432")]
    [InlineData("group/web", "vm/db-1", "tcp/1-5431", null)]
    [InlineData("10.8.0.0/24", "10.8.0.7", "tcp/5000-6000", "10.8.0.5")]
    [InlineData("192.0.2.0/24", "vm/web-2", "tcp/443", "192.0.2.1")]
    [InlineData("any", "group/db", "tcp/22", null)]
    [InlineData("any", "group/db", "udp", null)]
    [InlineData("any", "vm/db-1", "icmp6/135", "icmp6/135")]
    public void A_question_is_proved_or_refuted_by_a_packet(string from, string to, string service, string? witness)
    {
        var result = Prover.Prove(new(Shop.Set, Shop.Inventory), from, to, service, 0);
        Assert.Null(result.Problem);
        if (witness is null) Assert.Null(result.Packet);
        else Assert.Equal(Verdict.Allow, result.Path!.Verdict);
        if (witness is not null) Assert.Contains(witness, result.Packet.ToString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("group/intranet", "group/db", "any", "unknown-group", "did you mean 'internet'?")]
    [InlineData("vm/web1", "group/db", "any", "unknown-vm", "did you mean 'web-1'?")]
    [InlineData("10.8.0.1/24", "group/db", "any", "host-bits-set", "did you mean '10.8.0.0/24' or '10.8.0.1/32'?")]
    [InlineData("any", "group/db", "tcp/http", "bad-port", "expected PORT or PORT-PORT")]
    [InlineData("any", "group/db", "service/pong", "unknown-service", "did you mean 'ping'?")]
    [InlineData("192.0.2.0/24", "198.51.100.0/24", "any", "no-traffic", "at least one end must be a VM of the inventory")]
    [InlineData("vm/web-1", "vm/web-1", "any", "no-traffic", "at least one end must be a VM of the inventory")]
    public void A_question_that_means_nothing_is_told_so(string from, string to, string service, string code, string hint)
    {
        var problem = Prover.Prove(new(Shop.Set, Shop.Inventory), from, to, service, 0).Problem;
        Assert.Equal((code, hint), (problem?.Code, problem?.Hint));
    }

    [Theory]
    [InlineData("vm/web-1", "vm/db-1", "tcp/5432", false)]
    [InlineData("vm/db-1", "vm/web-1", "tcp/9000", true)]
    [InlineData("vm/db-1", "192.0.2.1", "tcp/9000", true)]
    public void What_passes_untracked_opens_nothing_from_its_port(string from, string to, string service, bool reversed)
    {
        const string Guards = "---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: serves}\nspec: {action: guard, priority: 1, select: [vm/db-1], untracked: {serves: [tcp/1-65534]}}\n"
            + "---\napiVersion: merlon/v1\nkind: Guard\nmetadata: {name: asks}\nspec: {action: guard, select: [any], untracked: {asks: [tcp/1-65534]}}\n";
        var scene = new Scene(Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"), Scene.Vm("db-1", "tier: db", "10.8.0.7")) + Guards + Scene.Rules("app",
            "name: db, from: [vm/web-1], to: [vm/db-1], services: [tcp/5432], action: allow", "name: back, from: [vm/db-1], to: [any], services: [tcp/1-65534], action: allow"));
        var result = Prover.Prove(new(scene.Set, scene.Inventory), from, to, service, 0);
        Assert.Contains(result.Assumptions, a => a.Contains("untracked", StringComparison.Ordinal));
        Assert.Equal(Verdict.Allow, result.Path!.Verdict);
        if (reversed) Assert.Contains(result.Packet!.Value.SourcePort, (int[])[0, 65535]);
    }

    [Fact]
    public void What_only_built_in_rules_pass_is_named_and_no_way_in()
    {
        var result = Prover.Prove(new(Shop.Set, Shop.Inventory), "any", "group/db", "udp", 0);
        Assert.Contains("left out: what passes by builtin/dhcp", result.Assumptions);
    }
}
