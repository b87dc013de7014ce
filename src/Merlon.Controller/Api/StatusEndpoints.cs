using Merlon.Controller.Agents;

namespace Merlon.Controller.Api;

internal static class StatusEndpoints
{
    public static void Map(WebApplication app, Rooms rooms)
    {
        app.MapGet("/health", () => TypedResults.Text("ok\n"));
        app.MapGet("/v1/status", () => TypedResults.Ok(StatusView.Of(rooms)));
        app.MapGet("/v1/hosts", () => TypedResults.Ok(StatusView.Hosts(rooms)));
    }
}
