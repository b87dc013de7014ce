using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Inventory;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

internal static class InventoryEndpoints
{
    private const int DefaultConnections = 1000;

    public static void Map(WebApplication app, Rooms rooms)
    {
        app.MapGet("/v1/vms", () => TypedResults.Ok(new VmView(rooms).All()));
        app.MapGet("/v1/vms/{name}", (string name) => Vm(rooms, name));
        app.MapGet("/v1/groups", () => TypedResults.Ok(new VmView(rooms).Groups()));
        app.MapGet("/v1/connections", (string? vm, int? limit, CancellationToken cancel) => Connections(rooms, vm, limit ?? DefaultConnections, cancel));
    }

    private static Results<Ok<VmRecord>, JsonHttpResult<ApiError>> Vm(Rooms rooms, string name) =>
        new VmView(rooms).Find(name) is { } vm ? TypedResults.Ok(vm)
            : Problem.NotFound("no-such-vm", $"no VM, UUID or interface is called '{name}'", "merlon get vm lists them");

    private static async Task<Results<Ok<IReadOnlyList<ConnectionRecord>>, JsonHttpResult<ApiError>>> Connections(
        Rooms rooms, string? vm, int limit, CancellationToken cancel)
    {
        if (limit is < 1 or > 100_000) return Problem.BadRequest("bad-limit", "limit must be 1 to 100000");
        var place = vm is null ? null : rooms.Applier.State.Inventory.Find(vm);
        if (vm is not null && place is null) return Problem.NotFound("no-such-vm", $"no VM, UUID or interface is called '{vm}'");
        var all = new List<ConnectionRecord>();
        foreach (var host in rooms.Registry.Hosts.Where(h => place is null || h.Uuid == place.Host))
        {
            if (rooms.Registry.Session(host.Uuid) is not { } session) continue;
            try
            {
                var answer = await session.Ask(new() { Vm = place?.Vm.Name ?? "", Limit = (uint)limit }, cancel);
                if (answer.Error.Length > 0) return Problem.With(StatusCodes.Status502BadGateway, "host-refused", $"{host.Name}: {answer.Error}");
                all.AddRange(JsonSerializer.Deserialize(answer.Json, ApiJson.Default.IReadOnlyListConnectionRecord) ?? []);
            }
            catch (Exception e) when (e is TimeoutException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                return Problem.With(StatusCodes.Status502BadGateway, "host-silent", $"{host.Name} gave no answer", "look at its merlon-agent");
            }
        }
        return TypedResults.Ok<IReadOnlyList<ConnectionRecord>>(all);
    }
}
