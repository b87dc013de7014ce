using System.Net.Sockets;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The bus socket of one VM: for its QEMU's user and root, and of all QEMUs of that user for this VM's. Whoever else connects is cut off at
/// once, and the newest connection is the one that counts: QEMU waits for an answer without an end.</summary>
internal sealed class VmDoor : IDisposable
{
    /// <summary>D-Bus wants a bus to have one; it means nothing here.</summary>
    public const string BusId = "6d65726c6f6e00000000000000000001";

    private const int MostLooks = 4;

    /// <summary>Until one tries again to take somebody in, where a descriptor or memory was missing.</summary>
    public static TimeSpan Breath { get; } = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan s_betweenSaves = TimeSpan.FromSeconds(1), s_keep = TimeSpan.FromMinutes(10);
    private readonly string _path;
    private readonly string _vm;
    private readonly IAgent _agent;
    private readonly Func<Socket, string, bool> _isOf;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _change = new();
    private CancellationTokenSource? _client;
    private long _nextSave, _wanted, _newest;
    private int _expected, _mayLoad, _looks;

    /// <param name="isOf">A connection is of the QEMU of this VM.</param>
    public VmDoor(string path, string vm, IAgent agent, Func<Socket, string, bool>? isOf = null)
    {
        (_path, _vm, _agent, _isOf) = (path, vm, agent, isOf ?? QemuPeer.IsOf);
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen();
        _ = ServeAsync();
    }

    /// <summary>QEMU is connected.</summary>
    public bool Busy => _client is not null;

    /// <summary>Nobody is connected, and nobody has asked for it for long: its VM is gone.</summary>
    public bool IsLeft => !Busy && Environment.TickCount64 - _wanted > s_keep.TotalMilliseconds;

    /// <summary>Somebody asked for it.</summary>
    public void Wanted() => _wanted = Environment.TickCount64;

    /// <summary>The VM comes: what the stream of the next QEMU holds is taken, once.</summary>
    public void Expect() => Interlocked.Exchange(ref _expected, 1);

    /// <summary>The VM runs: no stream is awaited any more.</summary>
    public void Runs()
    {
        Interlocked.Exchange(ref _expected, 0);
        Interlocked.Exchange(ref _mayLoad, 0);
    }

    public void Dispose()
    {
        _over.Cancel();
        _listener.Dispose();
        _over.Dispose();
        File.Delete(_path);
    }

    // Whoever connects is looked at beside: reading what a process calls itself may take as long as that process likes (it lies in its own memory).
    private async Task ServeAsync()
    {
        for (var number = 1L; !_over.IsCancellationRequested; number++)
        {
            try
            {
                var (socket, mine) = (await _listener.AcceptAsync(_over.Token), number);
                _ = Task.Run(() => LetInAsync(socket, mine), CancellationToken.None);
            }
            catch (SocketException) when (!_over.IsCancellationRequested)
            {
                // No descriptor or memory for one more: the next may find some.
                await Task.Delay(Breath, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    // More than so many at once are cut off unseen: only a process of the VM's user can make one last.
    private async Task LetInAsync(Socket socket, long number)
    {
        using var mine = socket;
        try
        {
            if (Looked(socket)) await ServeAsync(socket, number);
        }
        catch (ObjectDisposedException)
        {
            // The door has just closed.
        }
    }

    private bool Looked(Socket socket)
    {
        try
        {
            return Interlocked.Increment(ref _looks) <= MostLooks && _isOf(socket, _vm);
        }
        finally
        {
            Interlocked.Decrement(ref _looks);
        }
    }

    // Whichever look ends first, the newest that connected counts.
    private async Task ServeAsync(Socket socket, long number)
    {
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        CancellationTokenSource? before;
        lock (_change)
        {
            if (number < _newest) return;
            (_newest, before, _client) = (number, _client, mine);
            Interlocked.Exchange(ref _mayLoad, Interlocked.Exchange(ref _expected, 0));
        }
        try
        {
            Cancel(before);
            await new BusClient(socket, new(SaveAsync, LoadAsync)).ServeAsync(mine.Token);
        }
        finally
        {
            Interlocked.CompareExchange(ref _client, null, mine);
        }
    }

    private static void Cancel(CancellationTokenSource? older)
    {
        try
        {
            older?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
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
    private Task LoadAsync(byte[] snapshot) => Interlocked.Exchange(ref _mayLoad, 0) == 1 ? _agent.LoadAsync(_vm, snapshot) : Task.CompletedTask;

    /// <summary>What the board asks of the agent, which may not be there.</summary>
    internal interface IAgent
    {
        Task<byte[]> SaveAsync(string vm);
        Task LoadAsync(string vm, byte[] snapshot);
    }
}
