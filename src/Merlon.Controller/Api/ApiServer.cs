using System.Net;
using System.Text.Json.Serialization;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Controller.Access;
using Merlon.Controller.Agents;
using Merlon.Controller.Flows;
using Merlon.Controller.Rules;
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
        builder.Services.AddSingleton(rooms.Registry).AddSingleton(rooms.Applier).AddSingleton(rooms.Flows)
            .AddSingleton(rooms.Store).AddSingleton(rooms.Clock).AddHostedService<PolicyClock>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
            kestrel.Listen(address, port, listen => listen.UseHttps(pki.Certificate(PkiRole.Controller)));
        });
        return Assemble(builder.Build(), token);
    }

    /// <summary>The API as the build describes it: it touches no file and answers nothing.</summary>
    public static WebApplication BuildForDescription()
    {
        var builder = Builder();
        builder.Services.AddSingleton<HostRegistry>().AddSingleton<Applier>().AddSingleton<FlowLog>(_ => throw new InvalidOperationException())
            .AddSingleton<Store.IStateStore>(_ => throw new InvalidOperationException()).AddSingleton(TimeProvider.System);
        return Assemble(builder.Build(), "");
    }

    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        Journal.Configure(builder.Logging);
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer<ApiDescription>());
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddSingleton<StatusView>().AddSingleton<Inventory.VmView>().AddSingleton<Inventory.AddressView>().AddSingleton<PolicyView>()
            .AddSingleton<Plans>().AddSingleton<Observations>().AddSingleton<PolicyHistory>().AddSingleton<Agents.LiveConnections>();
        return builder;
    }

    private static WebApplication Assemble(WebApplication app, string token)
    {
        app.UseMiddleware<ErrorAnswers>();
        app.UseMiddleware<TokenGate>(token);
        app.UseRouting();
        app.MapOpenApi();
        app.MapScalarApiReference();
        StatusEndpoints.Register(app);
        InventoryEndpoints.Register(app);
        PolicyEndpoints.Register(app);
        FlowEndpoints.Register(app);
        return app;
    }
}
