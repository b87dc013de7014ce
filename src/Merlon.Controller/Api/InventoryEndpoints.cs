using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Agents;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

internal static class InventoryEndpoints
{
    private const int MostConnections = 10_000;

    public static void Register(WebApplication app)
    {
        app.MapGet("/v1/vms", (VmView view) => TypedResults.Ok(view.All())).WithSummary("VMs, and whether they are guarded").WithTags("inventory");
        app.MapGet("/v1/vms/{name}", Vm).WithSummary("One VM by name, UUID or vnet name").WithTags("inventory");
        app.MapGet("/v1/groups", (PolicyView view) => TypedResults.Ok(view.Groups())).WithSummary("Groups and their present members").WithTags("inventory");
        app.MapGet("/v1/connections", Connections).WithSummary("Live connections, asked of the hosts").WithTags("inventory")
            .Produces<IReadOnlyList<ConnectionRecord>>();
    }

    private static Results<Ok<VmRecord>, JsonHttpResult<ApiError>> Vm(string name, VmView view) =>
        view.Find(name) is { } vm ? TypedResults.Ok(vm) : NoSuchVm(name);

    private static async Task<IResult> Connections(string? vm, int? limit, Applier applier, HostRegistry registry, CancellationToken cancel)
    {
        if (limit is < 1 or > MostConnections) return Problem.BadRequest("bad-limit", $"limit is 1 to {MostConnections}");
        var place = vm is null ? null : applier.State.Inventory.Find(vm);
        if (vm is not null && place is null) return NoSuchVm(vm);
        var all = new List<ConnectionRecord>();
        foreach (var host in registry.Hosts.Where(h => h.Connected && (place is null || h.Uuid == place.Host)))
        {
            if (registry.Session(host.Uuid) is not { } session) continue;
            try
            {
                var answer = await session.Ask(new() { Vm = place?.Vm.Uuid ?? "", Limit = (uint)(limit ?? 1000) }, cancel);
                if (answer.Error.Length > 0) return Problem.With(StatusCodes.Status502BadGateway, "agent-error", $"{host.Name}: {answer.Error}");
                all.AddRange(JsonSerializer.Deserialize(answer.Json, ApiJson.Default.IReadOnlyListConnectionRecord) ?? []);
            }
            catch (Exception e) when (e is TimeoutException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                return Problem.With(StatusCodes.Status502BadGateway, "agent-silent", $"the agent of {host.Name} gave no usable answer", "is it running? see /v1/status");
            }
        }
        return TypedResults.Ok<IReadOnlyList<ConnectionRecord>>([.. all.Take(limit ?? 1000)]);
    }

    private static JsonHttpResult<ApiError> NoSuchVm(string name) =>
        Problem.NotFound("no-such-vm", $"no VM is named '{name}'", "see 'merlon get vm'; names, UUIDs and vnet names are known");
}
