using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;
using Merlon.Agent.Capture;
using Merlon.Agent.Gate;
using Merlon.Agent.Guests;
using Merlon.Agent.Judge;
using Merlon.Agent.Migration.Connections;
using Merlon.Contracts.Api;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Merlon.Agent.Status;

/// <summary>The door for people on this host: HTTP on a unix socket that only root opens.</summary>
internal static class AgentApi
{
    private const int MostConnections = 100_000;
    private static readonly TimeSpan PolicyWait = TimeSpan.FromSeconds(10);

    public static void Listen(WebApplicationBuilder builder, string path)
    {
        File.Delete(path);
        builder.Services.Configure<SocketTransportOptions>(o => o.CreateBoundListenSocket = endpoint => Bind(endpoint, path));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(path);
            kestrel.Limits.MaxRequestBodySize = 1 << 20;
        });
    }

    public static void Map(WebApplication app, HostKeeper keeper, StatusWriter status, Func<IReadOnlyList<DoctorCheck>> doctor, CaptureDoor capture, TraceDoor trace, TopDoor top, GateDoor gate, ConnectionDoor connections)
    {
        app.MapGet("/v1/status", http => Write(http, keeper.Box.Ask(status.Status), ApiJson.Default.HostStatus));
        app.MapGet("/v1/nics", http => Write(http, keeper.Box.Ask(status.Nics), ApiJson.Default.IReadOnlyListNicRecord));
        app.MapGet("/v1/rule-hits", http => Write(http, keeper.Box.Ask(status.RuleHits), ApiJson.Default.IReadOnlyListRuleHitRecord));
        app.MapGet("/v1/connections", http => Write(http,
            keeper.Box.Ask(() => status.Connections(http.Request.Query["vm"].ToString(), Limit(http))), ApiJson.Default.IReadOnlyListConnectionRecord));
        app.MapGet("/v1/doctor", http => Write(http, Task.Run(doctor), ApiJson.Default.IReadOnlyListDoctorCheck));
        app.MapGet("/v1/top", http => Write(http, keeper.Box.Ask(top.Look), ApiJson.Default.HostTraffic));
        app.MapPost("/v1/attach", http => Attach(http, keeper));
        app.MapPost("/v1/trace", http => Guard(http, async () =>
        {
            var packet = await Read(http, ApiJson.Default.ExplainPacket);
            await http.Response.WriteAsJsonAsync(await keeper.Box.Ask(() => trace.Trace(packet)), ApiJson.Default.TraceHops);
        }));
        app.MapGet("/v1/capture", http => Guard(http, () => capture.Serve(http)));
        app.MapPost("/v1/gate", http => Guard(http, () => gate.Serve(http)));
        app.MapPost("/v1/gate/proof/{nonce}", gate.Prove);
        app.MapGet("/v1/migrations", http => Write(http, keeper.Box.Ask(connections.List), ApiJson.Default.IReadOnlyListMigrationRecord));
        app.MapGet("/v1/migration/{vm}", http => Guard(http, () => connections.Save(http)));
        app.MapPost("/v1/migration/{vm}", http => Guard(http, () => connections.Load(http)));
        app.MapDelete("/v1/attach/{ifname}", http => Detach(http, keeper));
    }

    // Bound and closed to others before anyone can connect: Kestrel listens on it later.
    private static Socket Bind(EndPoint endpoint, string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(endpoint);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return socket;
    }

    private static int Limit(HttpContext http) =>
        int.TryParse(http.Request.Query["limit"], out var limit) && limit > 0 ? Math.Min(limit, MostConnections) : MostConnections;

    private static async Task Write<T>(HttpContext http, Task<T> answer, JsonTypeInfo<T> type) =>
        await http.Response.WriteAsJsonAsync(await answer, type);

    private static async Task Attach(HttpContext http, HostKeeper keeper)
    {
        var asked = Stopwatch.GetTimestamp();
        await Guard(http, async () =>
        {
            var request = await Read(http, ApiJson.Default.AttachRequest);
            var waiting = await keeper.Box.Ask(() => keeper.Attach(request, asked));
            // Nothing can come before libvirt has spoken: no use in waiting.
            var wait = await keeper.Box.Ask(() => keeper.LibvirtKnown) ? PolicyWait : TimeSpan.Zero;
            if (await Task.WhenAny(waiting.Done, Task.Delay(wait, http.RequestAborted)) != waiting.Done)
            {
                var (why, mend) = await keeper.Box.Ask(keeper.NoPolicyYet);
                throw new RequestRefused("no-policy", $"{request.Ifname} is attached and closed (it passes nothing): {why}", mend);
            }
            await http.Response.WriteAsJsonAsync(
                new AttachResult(request.Ifname, request.Vm, waiting.Key.VmUuid, true, await waiting.Done), ApiJson.Default.AttachResult);
        });
    }

    private static Task Detach(HttpContext http, HostKeeper keeper) => Guard(http, async () =>
    {
        var asked = Stopwatch.GetTimestamp();
        var ifname = (string)http.Request.RouteValues["ifname"]!;
        var removed = await keeper.Box.Ask(() => keeper.Detach(ifname));
        await http.Response.WriteAsJsonAsync(
            new AttachResult(ifname, removed.Vm, removed.VmUuid, false, Stopwatch.GetElapsedTime(asked).TotalMilliseconds), ApiJson.Default.AttachResult);
    });

    private static async Task<T> Read<T>(HttpContext http, JsonTypeInfo<T> type)
    {
        try
        {
            return await http.Request.ReadFromJsonAsync(type, http.RequestAborted)
                ?? throw new RequestRefused("bad-request", "the body is empty", $"send an {typeof(T).Name}");
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new RequestRefused("bad-request", $"the body is no {typeof(T).Name}: {e.Message}", "see the verb's --help");
        }
    }

    private static async Task Guard(HttpContext http, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RequestRefused refused)
        {
            http.Response.StatusCode = refused.Code switch
            {
                "bad-request" => StatusCodes.Status400BadRequest,
                "no-interface" or "not-attached" or "no-vm" or "not-here" => StatusCodes.Status404NotFound,
                _ => StatusCodes.Status409Conflict,
            };
            await http.Response.WriteAsJsonAsync(new ApiError(refused.Code, refused.Message, refused.Mend), ApiJson.Default.ApiError);
        }
    }
}
