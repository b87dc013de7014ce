using System.Globalization;
using Merlon.Contracts.Api;
using Merlon.Controller.Flows;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

internal static class FlowEndpoints
{
    private const int DefaultLimit = 100, MaxLimit = 100_000;

    public static void Map(WebApplication app, Rooms rooms)
    {
        app.MapGet("/v1/flows", Results<Ok<IReadOnlyList<FlowRecord>>, JsonHttpResult<ApiError>>
            (HttpContext context, int? limit, string? vm, string? tenant, string? verdict, string? reason, string? rule, string? service, DateTimeOffset? since) =>
        {
            if (limit is < 1 or > MaxLimit) return Problem.BadRequest("bad-limit", $"limit must be 1 to {MaxLimit}");
            var filter = new FlowFilter(VmName(rooms, vm), tenant, verdict, reason, rule, service, since);
            // Oldest first, as a log is read; Newest finds the last ones.
            return TypedResults.Ok<IReadOnlyList<FlowRecord>>([.. rooms.Flows.Newest(filter, limit ?? DefaultLimit).OrderBy(f => f.Number).Select(f => f.Flow)]);
        });
        app.MapGet("/v1/flows/follow",
            (HttpContext context, string? vm, string? tenant, string? verdict, string? reason, string? rule, string? service, DateTimeOffset? since) =>
        {
            var filter = new FlowFilter(VmName(rooms, vm), tenant, verdict, reason, rule, service, since);
            var after = long.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                ? last : since is null ? rooms.Flows.Last : 0;
            return new FlowFollower(rooms.Flows, filter).Write(context.Response, after, context.RequestAborted);
        });
    }

    // Flows carry names and UUIDs; an interface name is turned into the VM's UUID here.
    private static string? VmName(Rooms rooms, string? vm) =>
        vm is null ? null : rooms.Applier.State.Inventory.Find(vm) is { } place && place.Vm.Name != vm ? place.Vm.Uuid : vm;
}
