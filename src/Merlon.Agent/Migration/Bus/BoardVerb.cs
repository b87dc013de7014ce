using System.Net.Sockets;
using System.Text;
using Merlon.Contracts;
using Merlon.Datapath;

namespace Merlon.Agent.Migration.Bus;

/// <summary>merlon-agent board: holds the buses that the QEMUs of this host are connected to for as long as they live, and asks the agent when one saves
/// or loads. It knows nothing and decides nothing, so that it need not be replaced with the agent; a QEMU whose bus is gone could not move.</summary>
internal sealed class BoardVerb : IDisposable
{
    private const int MostWords = 64;
    private readonly InstancePaths _paths;
    private readonly BoardAgent _agent;
    private readonly Dictionary<string, VmDoor> _doors = [];
    private readonly List<Socket> _watchers = [];
    private readonly Socket _control = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public BoardVerb(InstancePaths paths)
    {
        (_paths, _agent) = (paths, new(paths));
        var path = Board.ControlOf(paths);
        File.Delete(path);
        _control.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _control.Listen();
    }

    public static async Task RunAsync(AgentOptions options)
    {
        var folder = Board.FolderOf(options.Paths);
        Directory.CreateDirectory(folder);
        // Whoever asked will find the one that runs.
        using var held = HeldFile.TryTake(Path.Combine(folder, ".lock"));
        if (held is null) return;
        LiveOn();
        using var board = new BoardVerb(options.Paths);
        await board.ServeAsync();
    }

    // Where memory is short it is the last to go, as far as this user may say so: it is small, and without it VMs cannot leave.
    private static void LiveOn()
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "-1000");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As any other process, then.
        }
    }

    public void Dispose()
    {
        _control.Dispose();
        foreach (var door in _doors.Values) door.Dispose();
        foreach (var watcher in _watchers) watcher.Dispose();
        File.Delete(Board.ControlOf(_paths));
    }

    /// <summary>One after the other: all of it is short.</summary>
    public async Task ServeAsync()
    {
        for (var quit = false; !quit;)
        {
            if (await AcceptAsync() is not { } taken) continue;
            Socket? client = taken;
            using var end = new CancellationTokenSource(BusClient.Patience);
            try
            {
                var words = new byte[MostWords];
                var length = 0;
                for (int read; length < words.Length && !words.AsSpan(0, length).Contains((byte)'\n'); length += read)
                    if ((read = await client.ReceiveAsync(words.AsMemory(length), end.Token)) == 0) break;
                var said = Encoding.ASCII.GetString(words, 0, length).Trim();
                var answer = Answer(said, out quit);
                await client.SendAsync(Encoding.ASCII.GetBytes(answer + "\n"), end.Token);
                if (said == "watch") Keep(ref client);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or IOException or UnauthorizedAccessException)
            {
                // Whoever asked hears nothing.
            }
            finally
            {
                client?.Dispose();
            }
        }
    }

    // No descriptor or memory for one more: the next may find some.
    private async Task<Socket?> AcceptAsync()
    {
        try
        {
            return await _control.AcceptAsync();
        }
        catch (SocketException)
        {
            await Task.Delay(VmDoor.Breath);
            return null;
        }
    }

    // Its end tells whoever watches that this process has ended.
    private void Keep(ref Socket? client)
    {
        foreach (var gone in _watchers.Where(w => w.Poll(0, SelectMode.SelectRead)).ToList())
        {
            _watchers.Remove(gone);
            gone.Dispose();
        }
        _watchers.Add(client!);
        client = null;
    }

    private string Answer(string words, out bool quit)
    {
        quit = words == "quit";
        switch (words.Split(' '))
        {
            case ["quit" or "watch"]:
                return "yes";
            case ["expect", var vm] when IsVm(vm):
                Door(vm).Expect();
                return "idle";
            case ["open", var vm, var user] when IsVm(vm) && uint.TryParse(user, out var id):
                return Open(vm, id);
            case ["runs", var vm, var user] when IsVm(vm) && uint.TryParse(user, out var id):
                Door(vm).Runs();
                return Open(vm, id);
            default:
                return "what";
        }
    }

    private static bool IsVm(string text) => Guid.TryParseExact(text, "D", out var uuid) && uuid.ToString("D") == text;

    private string Open(string vm, uint user)
    {
        var door = Door(vm);
        FileOwner.Set(Board.SocketOf(_paths, vm), user);
        return door.Busy ? "busy" : "idle";
    }

    private VmDoor Door(string vm)
    {
        foreach (var (old, left) in _doors.Where(d => d.Value.IsLeft).ToList())
        {
            _doors.Remove(old);
            left.Dispose();
        }
        var door = _doors.TryGetValue(vm, out var there) ? there : _doors[vm] = new(Board.SocketOf(_paths, vm), vm, _agent);
        door.Wanted();
        return door;
    }
}
