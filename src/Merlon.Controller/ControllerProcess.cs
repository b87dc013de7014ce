using System.Net;
using System.Net.Sockets;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Controller.Access;
using Merlon.Controller.Agents;
using Merlon.Controller.Api;

namespace Merlon.Controller;

/// <summary>One running controller: a lock on its folders, its rooms, and two doors.</summary>
public sealed class ControllerProcess : IAsyncDisposable
{
    private readonly FileStream hold;
    private readonly HostPki pki;
    private readonly Rooms rooms;
    private readonly WebApplication api;
    private readonly WebApplication link;

    private ControllerProcess(FileStream hold, HostPki pki, Rooms rooms, WebApplication api, WebApplication link) =>
        (this.hold, this.pki, this.rooms, this.api, this.link) = (hold, pki, rooms, api, link);

    /// <summary>How to reach the API, as written to <see cref="ControllerPaths.ApiFile"/>.</summary>
    public required ApiAccess Access { get; init; }

    /// <summary>Starts; throws <see cref="StartException"/> or <see cref="PkiException"/> with one line for a person.</summary>
    /// <param name="port">0 = any free one.</param>
    public static async Task<ControllerProcess> Start(ControllerPaths paths, IPAddress address, int port, TimeProvider? clock = null)
    {
        using var logs = LoggerFactory.Create(Journal.Configure);
        var hold = Lock(paths);
        HostPki? pki = null;
        Rooms? rooms = null;
        WebApplication? api = null, link = null;
        try
        {
            pki = HostPki.EnsureAt(paths.Pki);
            rooms = Rooms.Open(paths, clock ?? TimeProvider.System, logs);
            var token = ApiAccessFile.Token(paths.ApiFile);
            api = ApiServer.Build(rooms, address, port, pki, token);
            await Open(api, $"{address}:{port}");
            var access = new ApiAccess(new Uri(api.Urls.Single()).GetLeftPart(UriPartial.Authority), token, pki.AuthorityFile);
            File.Delete(paths.Socket); // ours by the lock: left by a killed one
            link = LinkServer.Build(rooms, paths.Socket, pki, PolicySigner.EnsureAt(paths.Pki));
            await Open(link, paths.Socket);
            File.SetUnixFileMode(paths.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            ApiAccessFile.Write(paths.ApiFile, access);
            logs.CreateLogger<ControllerProcess>().Started(ProductVersion.Text, access.Url, paths.Socket);
            return new(hold, pki, rooms, api, link) { Access = access };
        }
        catch
        {
            if (link is not null) await link.DisposeAsync();
            if (api is not null) await api.DisposeAsync();
            rooms?.Dispose();
            pki?.Dispose();
            await hold.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    public Task WaitForShutdown() => api.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        // Live streams have no end of their own: the grace is short.
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await link.StopAsync(grace.Token);
        await api.StopAsync(grace.Token);
        await link.DisposeAsync();
        await api.DisposeAsync();
        rooms.Dispose();
        pki.Dispose();
        await hold.DisposeAsync();
    }

    private static async Task Open(WebApplication app, string where)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new StartException($"cannot listen on {where}: {e.InnerException?.Message ?? e.Message}; stop what listens there, or name another place with --listen and --port", e);
        }
    }

    private static FileStream Lock(ControllerPaths paths)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        try
        {
            Directory.CreateDirectory(paths.Var, OwnerOnly);
            Directory.CreateDirectory(paths.Run, OwnerOnly);
            return HeldFile.TryTake(paths.LockFile)
                ?? throw new StartException($"another merlon-controller of this instance is running ({paths.LockFile} is held); stop it, or give this one a name of its own with --instance");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartException($"{e.Message.TrimEnd('.')}: merlon-controller must be root; use sudo, or start it by its systemd unit", e);
        }
        catch (IOException e)
        {
            throw new StartException($"{e.Message.TrimEnd('.')}: is the disk full, or mounted read-only?", e);
        }
    }
}
