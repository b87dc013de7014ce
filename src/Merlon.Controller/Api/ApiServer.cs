using System.Net;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Controller.Access;
using Scalar.AspNetCore;

namespace Merlon.Controller.Api;

/// <summary>The public API: HTTPS on an address of people's choice, a token for everything that says or does anything.</summary>
internal static class ApiServer
{
    /// <summary>Bytes of one request: the largest manifest of Merlon.Policy.Text, as JSON.</summary>
    private const long MaxRequestBytes = 32 << 20;

    public static WebApplication Build(Rooms rooms, IPAddress address, int port, HostPki pki, string token)
    {
        var builder = Builder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
            kestrel.Listen(address, port, listen => listen.UseHttps(pki.Certificate(PkiRole.Controller)));
        });
        return Map(builder.Build(), token, rooms);
    }

    /// <summary>The API as the build describes it: it touches no file and answers nothing.</summary>
    public static WebApplication BuildForDescription() => Map(Builder().Build(), "", null!);

    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        Journal.Configure(builder.Logging);
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer<ApiDescription>());
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        return builder;
    }

    private static WebApplication Map(WebApplication app, string token, Rooms rooms)
    {
        app.UseMiddleware<ErrorAnswers>();
        app.UseMiddleware<TokenGate>(token);
        app.UseRouting();
        app.MapOpenApi();
        app.MapScalarApiReference();
        StatusEndpoints.Map(app, rooms);
        InventoryEndpoints.Map(app, rooms);
        PolicyEndpoints.Map(app, rooms);
        FlowEndpoints.Map(app, rooms);
        return app;
    }
}
