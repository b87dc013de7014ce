using Merlon.Contracts.Api;
using Merlon.Controller.Agents;
using Merlon.Controller.Rules;

namespace Merlon.Controller.Api;

internal static class StatusEndpoints
{
    public static void Register(WebApplication app)
    {
        app.MapGet("/health", () => TypedResults.Text("ok\n")).WithSummary("The controller answers; needs no token").WithTags("status");
        app.MapGet("/v1/status", (StatusView view) => TypedResults.Ok(view.Status())).WithSummary("Is everything in force that was ordered").WithTags("status");
        app.MapGet("/v1/hosts", (StatusView view) => TypedResults.Ok(view.Hosts())).WithSummary("Hosts and what their agents last said").WithTags("status");
        app.MapDelete("/v1/hosts/{name}", Forget).WithSummary("Forget a host that is gone for good, by name or UUID; its VMs go with it").WithTags("status")
            .Produces<ApplyResult>().Produces<ApiError>(StatusCodes.Status404NotFound).Produces<ApiError>(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> Forget(string name, HostRegistry registry, Applier applier)
    {
        if (registry.Find(name) is not { } host)
        {
            var named = registry.Hosts.Where(h => h.Name == name).ToList();
            if (named.Count == 0) return Problem.NotFound("no-such-host", $"there is no host '{name}'", "see 'merlon get host'");
            if (named.Count > 1) return Problem.With(StatusCodes.Status409Conflict, "host-name-twice", $"{named.Count} hosts call themselves {name}", "name its UUID");
            host = named[0];
        }
        if (host.Connected) return Problem.With(StatusCodes.Status409Conflict, "host-connected", $"{host.Name} is connected", "stop its agent first");
        await applier.Forget(host.Uuid);
        registry.Forget(host.Uuid);
        return TypedResults.Ok(new ApplyResult(true, [], [$"host/{host.Name}"], applier.State.Hosts.Sequence, []));
    }
}
