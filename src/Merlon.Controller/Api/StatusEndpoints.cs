using Merlon.Contracts.Api;
using Merlon.Controller.Agents;

namespace Merlon.Controller.Api;

internal static class StatusEndpoints
{
    public static void Register(WebApplication app)
    {
        app.MapGet("/health", () => TypedResults.Text("ok\n")).WithSummary("The controller answers; needs no token").WithTags("status");
        app.MapGet("/v1/status", (StatusView view) => TypedResults.Ok(view.Status())).WithSummary("Is everything in force that was ordered").WithTags("status");
        app.MapGet("/v1/hosts", (StatusView view) => TypedResults.Ok(view.Hosts())).WithSummary("Hosts and what their agents last said").WithTags("status");
    }
}
