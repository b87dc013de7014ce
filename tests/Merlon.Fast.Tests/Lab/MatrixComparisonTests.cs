using System.Net;
using System.Text.Json;
using Merlon.Cli.Clients;
using Merlon.Cli.Commands.Lab;
using Merlon.Contracts.Api;
using Merlon.Policy.Model;
using Xunit;
using CaseRow = Merlon.Policy.Cases.CaseRow;

namespace Merlon.Fast.Tests.Lab;

/// <summary>One cell, web-1 to db-1 on tcp/22, that the policy refuses; each test makes one thing wrong.</summary>
public sealed class MatrixComparisonTests
{
    private const string Rule = "shop/shop-app/no-ssh@3";
    private static readonly MatrixCell Refused = new("web-1", "db-1", "tcp/22", 4, false, "timeout", 2000);
    private static readonly MatrixCell Delivered = Refused with { Delivered = true, Error = "" };

    [Fact]
    public async Task A_refused_cell_that_was_delivered_before_and_is_told_with_its_rule_is_right()
    {
        var cell = await Compare(Delivered, Refused, Rule);
        Assert.Equal(("deny", Rule, "into VM db-1", null), (cell.Verdict, cell.Rule, cell.Where, cell.Problem));
    }

    [Fact]
    public async Task What_did_not_pass_without_Merlon_proves_nothing() => await Wrong("says nothing", Refused, Refused, Rule);

    [Fact]
    public async Task What_passes_though_the_policy_refuses_is_wrong() => await Wrong("the policy says deny", Delivered, Delivered, Rule);

    [Fact]
    public async Task A_refusal_that_no_event_tells_is_wrong() => await Wrong("no deny event", Delivered, Refused, null);

    [Fact]
    public async Task A_refusal_told_with_another_rule_is_wrong() => await Wrong("no deny event", Delivered, Refused, "default");

    [Fact]
    public async Task What_differs_from_an_expected_case_is_wrong()
    {
        await Wrong("expected allow", Delivered, Refused, Rule, Case(Verdict.Allow, null));
        await Wrong("expected rule", Delivered, Refused, Rule, Case(Verdict.Deny, "shop/shop-app/other"));
        Assert.Null((await Compare(Delivered, Refused, Rule, Case(Verdict.Deny, "shop/shop-app/no-ssh"))).Problem);
    }

    [Fact]
    public void A_case_that_nothing_measures_is_an_error() => Assert.Throws<Merlon.Cli.CliException>(
        () => new ExpectedCells([Case(Verdict.Deny, null) with { Service = "tcp/23" }]).MustBeIn(new(1, [Refused])));

    private static CaseRow Case(Verdict expect, string? rule) => new("vm/web-1", "10.8.0.7", "tcp/22", expect, null, null, rule, null, default);

    private static async Task Wrong(string why, MatrixCell before, MatrixCell after, string? told, params CaseRow[] expected) =>
        Assert.Contains(why, (await Compare(before, after, told, expected)).Problem, StringComparison.Ordinal);

    private static async Task<ComparedCell> Compare(MatrixCell before, MatrixCell after, string? told, params CaseRow[] expected)
    {
        using var api = new JsonHttp(new HttpClient(new Answers(told)) { BaseAddress = new("https://controller") }, e => new(e.Message));
        var comparison = new MatrixComparison(api, new(1, [before]), new(expected)) { Patience = TimeSpan.Zero };
        var matrix = await comparison.Compare(new(1, [after]), DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);
        var cell = Assert.Single(matrix.Cells);
        Assert.Equal(cell.Problem is null ? (1, 0) : (0, 1), (matrix.Passed, matrix.Failed));
        return cell;
    }

    /// <summary>A controller whose policy refuses, with the rule that its flow log tells (null = none).</summary>
    private sealed class Answers(string? told) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var at = DateTimeOffset.UnixEpoch;
            FlowRecord[] flows = told is null ? [] : [new(at, at, "deny", "deny", "rule", End("10.8.0.5", 40000), End("10.8.0.7", 22), "tcp/22",
                told, null, told, 3, 1, 0, 60, 0, null, "in", "host", "br0")];
            var said = new ExplainResult("10.8.0.5", "10.8.0.7", "tcp/22", "deny", "rule",
                [new("out of VM", "web-1", "allow", "shop/shop-app/out@3", "rule", null, null, null), new("into VM", "db-1", "deny", Rule, "rule", null, null, null)], [],
                new(new(null, null, "10.8.0.5"), new(null, null, "10.8.0.7"), 6, 40000, 22));
            var body = request.Method == HttpMethod.Post
                ? JsonSerializer.SerializeToUtf8Bytes(said, ApiJson.Default.ExplainResult)
                : JsonSerializer.SerializeToUtf8Bytes(flows, ApiJson.Default.IReadOnlyListFlowRecord);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) });
        }

        private static FlowEndRecord End(string address, int port) => new(null, null, null, null, address, port);
    }
}
