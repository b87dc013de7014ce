using Merlon.Contracts.Api;
using Merlon.Controller.Agents;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;
using Merlon.Policy.Model;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

internal static class InventoryEndpoints
{
    public static void Register(WebApplication app)
    {
        app.MapGet("/v1/vms", (VmView view) => TypedResults.Ok(view.All())).WithSummary("VMs, and whether they are guarded").WithTags("inventory");
        app.MapGet("/v1/vms/{name}", Vm).WithSummary("One VM by name, UUID or vnet name").WithTags("inventory");
        app.MapGet("/v1/addresses", (AddressView view) => TypedResults.Ok(view.All())).WithSummary("Addresses of VMs, declared and learned").WithTags("inventory");
        app.MapDelete("/v1/addresses/{address}", Release).WithSummary("Free a learned address").WithTags("inventory")
            .Produces<ApplyResult>().Produces<ApiError>(StatusCodes.Status404NotFound).Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapGet("/v1/groups", (PolicyView view) => TypedResults.Ok(view.Groups())).WithSummary("Groups and their present members").WithTags("inventory");
        app.MapGet("/v1/connections", Connections).WithSummary("Live connections, asked of the hosts").WithTags("inventory")
            .Produces<IReadOnlyList<ConnectionRecord>>();
    }

    private static Results<Ok<VmRecord>, JsonHttpResult<ApiError>> Vm(string name, VmView view) =>
        view.Find(name) is { } vm ? TypedResults.Ok(vm) : NoSuchVm(name);

    private static async Task<IResult> Release(string address, AddressView view, Applier applier, CancellationToken cancel)
    {
        if (!Address.TryParse(address, out var wanted)) return Problem.BadRequest("bad-address", $"'{address}' is no address");
        if (await applier.Release(wanted, cancel)) return TypedResults.Ok(new ApplyResult(true, [], [$"address/{wanted}"], applier.State.Hosts.Sequence, []));
        return view.All().FirstOrDefault(a => a.Address == wanted.ToString()) is { } declared
            ? Problem.With(StatusCodes.Status409Conflict, "address-declared", $"{wanted} is declared for {declared.Vm}, not learned", "take it out of the VM's metadata")
            : Problem.NotFound("no-such-address", $"no VM has {wanted}", "see 'merlon get address'");
    }

    private static async Task<IResult> Connections(string? vm, int? limit, Applier applier, LiveConnections live, CancellationToken cancel)
    {
        if (limit is < 1 or > LiveConnections.Most) return Problem.BadRequest("bad-limit", $"limit is 1 to {LiveConnections.Most}");
        var place = vm is null ? null : applier.State.Inventory.Find(vm);
        if (vm is not null && place is null) return NoSuchVm(vm);
        var (connections, problem) = await live.Of(place, limit ?? 1000, cancel);
        return problem is null ? TypedResults.Ok(connections) : Problem.With(StatusCodes.Status502BadGateway, problem.Code, problem.Message, problem.Mend);
    }

    private static JsonHttpResult<ApiError> NoSuchVm(string name) =>
        Problem.NotFound("no-such-vm", $"no VM is named '{name}'", "see 'merlon get vm'; names, UUIDs and vnet names are known");
}
