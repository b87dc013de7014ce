using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class ExplainerTests
{
    private static readonly Scene Shop = new(Scene.Group("web", "{select: {labels: {t: web}}}")
        + Scene.Rules("p", "name: web-db, from: [group/web], to: [vm/db-1], services: [tcp/5432], action: allow")
        + Scene.VmsOf(Scene.Vm("web-1", "t: web", "10.0.0.1"), Scene.Vm("db-1", "t: db", "10.0.0.2, \"fd00::2\"")));

    [Fact]
    public void It_tells_every_hop_with_rule_file_and_line()
    {
        var told = Ask("web-1", "vm/db-1", "tcp/5432");
        Assert.Equal(Verdict.Allow, told.Answer!.Verdict);
        Assert.Equal(["Out web-1 shop/p/web-db@1 Tenant scene.yaml:12", "In db-1 shop/p/web-db@1 Tenant scene.yaml:12"],
            told.Answer.Hops.Select(h => $"{h.Direction} {h.Vm} {h.Side.Rule} {h.Tier} {h.File}:{h.Line}"));
        Assert.Equal(["source port 40000"], told.Assumptions);
    }

    [Fact]
    public void A_group_is_answered_by_its_worst_packet()
    {
        var told = Ask("any", "db-1", "tcp/5432");
        Assert.Equal(Verdict.Deny, told.Answer!.Verdict);
        Assert.Matches("^[0-9.]+ to 10[.]0[.]0[.]2 tcp/5432, the first with the worst verdict of the [0-9]+ packets that this means and the policy tells apart$", told.Assumptions[0]);
    }

    [Theory]
    [InlineData("web-9", "db-1", "tcp/1", "'web-9' is no reference")]
    [InlineData("vm/web-9", "db-1", "tcp/1", "no VM is named 'web-9'")]
    [InlineData("web-1", "group/none", "tcp/1", "group/none does not exist")]
    [InlineData("web-1", "db-1", "ssh", "'ssh' is no service")]
    [InlineData("web-1", "fd00::2", "tcp/1", "means no packet: no such member, no address family in common, or one vNIC at both ends")]
    public void A_question_without_an_answer_says_why(string from, string to, string service, string error) =>
        Assert.Equal(error, Ask(from, to, service).Error);

    private static Explanation Ask(string from, string to, string service) => Explainer.Explain(Shop.Set, Shop.Inventory, from, to, service, null, 0);
}
