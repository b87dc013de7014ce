using System.Net.Sockets;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The bus socket of one VM: for QEMU's user and root, one connection at a time.</summary>
internal sealed class VmDoor : IDisposable
{
    /// <summary>D-Bus wants a bus to have one; it means nothing here.</summary>
    public const string BusId = "6d65726c6f6e00000000000000000001";

    private static readonly TimeSpan s_betweenSaves = TimeSpan.FromSeconds(1), s_keep = TimeSpan.FromMinutes(10);
    private readonly string _path;
    private readonly string _vm;
    private readonly IAgent _agent;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _over = new();
    private long _nextSave, _wanted;
    private int _expected;

    public VmDoor(string path, string vm, IAgent agent)
    {
        (_path, _vm, _agent) = (path, vm, agent);
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        QemuUser.Give(path);
        _listener.Listen(1);
        _ = ServeAsync();
    }

    /// <summary>QEMU is connected.</summary>
    public bool Busy { get; private set; }

    /// <summary>Nobody is connected, and nobody has asked for it for long: its VM is gone.</summary>
    public bool IsLeft => !Busy && Environment.TickCount64 - _wanted > s_keep.TotalMilliseconds;

    /// <summary>Somebody asked for it.</summary>
    public void Wanted() => _wanted = Environment.TickCount64;

    /// <summary>The VM comes: what its stream holds is taken, once.</summary>
    public void Expect() => Interlocked.Exchange(ref _expected, 1);

    public void Dispose()
    {
        _over.Cancel();
        _listener.Dispose();
        _over.Dispose();
        File.Delete(_path);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_over.Token);
                Busy = true;
                await new BusClient(client, new(SaveAsync, LoadAsync)).ServeAsync(_over.Token);
                Busy = false;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            Busy = false;
        }
    }

    // A snapshot costs the agent a look at all connections: who asks for many waits.
    private async Task<byte[]> SaveAsync()
    {
        var wait = _nextSave - Environment.TickCount64;
        if (wait > 0) await Task.Delay((int)wait, _over.Token);
        _nextSave = Environment.TickCount64 + (long)s_betweenSaves.TotalMilliseconds;
        return await _agent.SaveAsync(_vm);
    }

    // From a VM that runs already it says nothing: a VM could open itself doors with it, and a snapshot that was reverted has old ones.
    private Task LoadAsync(byte[] snapshot) => Interlocked.Exchange(ref _expected, 0) == 1 ? _agent.LoadAsync(_vm, snapshot) : Task.CompletedTask;

    /// <summary>What the board asks of the agent, which may not be there.</summary>
    internal interface IAgent
    {
        Task<byte[]> SaveAsync(string vm);
        Task LoadAsync(string vm, byte[] snapshot);
    }
}
