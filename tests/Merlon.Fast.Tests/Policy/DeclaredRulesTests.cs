using Merlon.Policy.Analyze;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class DeclaredRulesTests
{
    private const string Services = """
        ---
        apiVersion: merlon/v1
        kind: Service
        metadata: {name: web, tenant: shop}
        spec: {members: [tcp/80-89, tcp/90-99]}
        ---
        apiVersion: merlon/v1
        kind: Service
        metadata: {name: dns, tenant: rival}
        spec: {members: [udp/53]}

        """;

    [Theory]
    [InlineData("[any]", "allows any, more than any declared service (declared: service/web)")]
    [InlineData("[tcp]", "allows tcp, more than any declared service (declared: service/web)")]
    [InlineData("[tcp/85-100]", "allows tcp/85-100, more than any declared service (declared: service/web)")]
    [InlineData("[tcp/85-95]", "")]
    [InlineData("[tcp/22]", "")]
    [InlineData("[service/web]", "")]
    [InlineData("[udp]", "")]
    public void A_rule_is_measured_by_what_its_tenant_may_name(string services, string expected)
    {
        var scene = new Scene(Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5")) + Services + Scene.Rules("app", $"name: a, from: [any], to: [vm/web-1], services: {services}, action: allow"));
        Assert.Equal(expected, string.Join('\n', DeclaredRules.Of(scene.Set, 0).Select(d => $"{d.Message["rule shop/app/a ".Length..]} ({d.Hint})")));
    }

    [Theory]
    [InlineData("2026-11-01", "review-due Policy shop/app was to be reviewed by 2026-11-01 (ask dba@example, then move reviewBy)")]
    [InlineData("2026-11-30", "")]
    [InlineData("next week", "bad-time reviewBy: 'next week' is no instant (expected 2027-01-01 or 2027-01-01T08:00:00Z)")]
    public void A_review_that_is_due_is_told_with_its_owner(string due, string expected)
    {
        var text = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5")) + Scene.Rules("app", "name: a, from: [any], to: [vm/web-1], services: [tcp/22], action: allow");
        var scene = new Scene(text.Replace("metadata: {name: app, tenant: shop}", $"metadata: {{name: app, tenant: shop, annotations: {{owner: dba@example, reviewBy: {due}}}}}", StringComparison.Ordinal));
        var at = new DateTimeOffset(2026, 11, 15, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        Assert.Equal(expected, string.Join('\n', DueReviews.Of(scene.Set, at).Select(d => $"{d.Code} {d.Message} ({d.Hint})")));
    }
}
