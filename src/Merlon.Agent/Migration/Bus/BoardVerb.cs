using System.Net.Sockets;
using System.Text;
using Merlon.Contracts;

namespace Merlon.Agent.Migration.Bus;

/// <summary>merlon-agent board: holds the buses that the QEMUs of this host are connected to for as long as they live, and asks the agent when one saves
/// or loads. It knows nothing and decides nothing, so that it need not be replaced with the agent; a QEMU whose bus is gone could not move.</summary>
internal sealed class BoardVerb : IDisposable
{
    private const int MostWords = 64;
    private readonly InstancePaths _paths;
    private readonly BoardAgent _agent;
    private readonly Dictionary<string, VmDoor> _doors = [];
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
        using var board = new BoardVerb(options.Paths);
        await board.ServeAsync();
    }

    public void Dispose()
    {
        _control.Dispose();
        foreach (var door in _doors.Values) door.Dispose();
        File.Delete(Board.ControlOf(_paths));
    }

    /// <summary>One after the other: all of it is short.</summary>
    public async Task ServeAsync()
    {
        for (var quit = false; !quit;)
        {
            using var client = await _control.AcceptAsync();
            using var end = new CancellationTokenSource(BusClient.Patience);
            try
            {
                var words = new byte[MostWords];
                var length = 0;
                for (int read; length < words.Length && !words.AsSpan(0, length).Contains((byte)'\n'); length += read)
                    if ((read = await client.ReceiveAsync(words.AsMemory(length), end.Token)) == 0) break;
                var answer = Answer(Encoding.ASCII.GetString(words, 0, length).Trim(), out quit);
                await client.SendAsync(Encoding.ASCII.GetBytes(answer + "\n"), end.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or IOException or UnauthorizedAccessException)
            {
                // Whoever asked hears nothing.
            }
        }
    }

    private string Answer(string words, out bool quit)
    {
        quit = words == "quit";
        if (words.Split(' ') is not [var verb, var text] || !Guid.TryParseExact(text, "D", out var uuid)) return quit ? "bye" : "what";
        var vm = uuid.ToString("D");
        switch (verb)
        {
            case "open":
                return Door(vm).Busy ? "busy" : "idle";
            case "expect":
                Door(vm).Expect();
                return "idle";
            default:
                return "what";
        }
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
