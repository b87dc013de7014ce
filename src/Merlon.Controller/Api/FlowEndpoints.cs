using System.Globalization;
using Merlon.Contracts.Api;
using Merlon.Controller.Flows;
using Merlon.Controller.Inventory;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Merlon.Controller.Api;

internal static class FlowEndpoints
{
    private const int MostFlows = 10_000;
    private const int DefaultFlows = 100;

    public static void Register(WebApplication app)
    {
        app.MapGet("/v1/flows", Newest).WithSummary("The newest flow records that match, oldest first").WithTags("flows")
            .Produces<IReadOnlyList<FlowRecord>>().Produces<ApiError>(StatusCodes.Status400BadRequest);
        app.MapGet("/v1/flows/follow", Follow).WithSummary("Flow records as they come: server-sent events, resumed by Last-Event-ID; 'event: lost' counts what was dropped meanwhile")
            .WithTags("flows").Produces<FlowRecord>(contentType: "text/event-stream").Produces<ApiError>(StatusCodes.Status400BadRequest);
    }

    private static IResult Newest(
        string? vm, string? tenant, string? verdict, string? reason, string? rule, string? service, string? since, int? limit, FlowLog log, VmView vms)
    {
        if (limit is < 1 or > MostFlows) return Problem.BadRequest("bad-limit", $"limit is 1 to {MostFlows}");
        if (!TrySince(since, out var instant)) return BadSince(since);
        var filter = new FlowFilter(vm is null ? null : vms.UuidOrText(vm), tenant, verdict, reason, rule, service, instant);
        return TypedResults.Ok<IReadOnlyList<FlowRecord>>([.. log.Newest(filter, limit ?? DefaultFlows).Select(f => f.Flow)]);
    }

    private static async Task<IResult> Follow(
        string? vm, string? tenant, string? verdict, string? reason, string? rule, string? service, string? since,
        [FromHeader(Name = "Last-Event-ID")] long? after, FlowLog log, VmView vms, HttpResponse response, IHostApplicationLifetime life, CancellationToken cancel)
    {
        if (!TrySince(since, out var instant)) return BadSince(since);
        var filter = new FlowFilter(vm is null ? null : vms.UuidOrText(vm), tenant, verdict, reason, rule, service, instant);
        // With since the past is told first; a number from before a lost log means nothing here.
        var from = Math.Min(after ?? (instant is null ? long.MaxValue : 0), log.Last);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, life.ApplicationStopping);
        try
        {
            await new FlowFollower(log, filter).Write(response, from, tellLost: after is not null, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
        }
        return TypedResults.Empty;
    }

    private static bool TrySince(string? text, out DateTimeOffset? instant)
    {
        instant = null;
        if (text is null) return true;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed)) return false;
        instant = parsed;
        return true;
    }

    private static JsonHttpResult<ApiError> BadSince(string? text) => Problem.BadRequest("bad-since", $"'{text}' is no instant", "for example 2026-11-24T08:00:00Z");
}
