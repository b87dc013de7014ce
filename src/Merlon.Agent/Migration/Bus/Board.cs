using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Merlon.Contracts;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The way to the board of this host, from agent and hook; starts it where it does not run. The words are few and fixed: a board outlives
/// the agent that started it, and meets newer ones.</summary>
internal sealed class Board(InstancePaths paths) : BusPlug.IBoard
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Folder of its sockets.</summary>
    public static string FolderOf(InstancePaths paths) => Path.Combine(paths.Run, "board");

    /// <summary>The bus of a VM.</summary>
    public static string SocketOf(InstancePaths paths, string vm) => Path.Combine(FolderOf(paths), vm);

    public static string ControlOf(InstancePaths paths) => Path.Combine(FolderOf(paths), "control");

    public string SocketOf(string vm) => SocketOf(paths, vm);

    /// <summary>One ran here, and was not ended.</summary>
    public bool IsThere => File.Exists(ControlOf(paths));

    /// <summary>The VM comes: the Load of its next QEMU is taken. Throws <see cref="AgentFault"/>.</summary>
    public void Expect(string vm) => Ask($"expect {vm}");

    /// <summary>There is a bus for a QEMU of this user (0 = root). True = QEMU is connected to it. Throws <see cref="AgentFault"/>.</summary>
    public bool Open(string vm, uint user) => Ask($"open {vm} {user}") == "busy";

    public bool Runs(string vm, uint user) => Ask($"runs {vm} {user}") == "busy";

    /// <summary>Ends it, if it runs.</summary>
    public void Quit() => Try("quit")?.Socket.Dispose();

    public Task Watch(CancellationToken stop)
    {
        var socket = Say("watch", out _);
        return Task.Run(async () =>
        {
            using var _ = socket;
            try
            {
                await socket.ReceiveAsync(new byte[1], stop);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // As good as its end.
            }
        }, CancellationToken.None);
    }

    private string Ask(string words)
    {
        using var socket = Say(words, out var answer);
        return answer;
    }

    private Socket Say(string words, out string answer)
    {
        for (var (until, started) = (Stopwatch.StartNew(), false); ; Thread.Sleep(20))
        {
            if (Try(words) is { } said)
            {
                answer = said.Answer;
                return said.Socket;
            }
            if (!started) Start();
            started = true;
            if (until.Elapsed > s_patience) throw new AgentFault("no-board", "the helper that carries connections does not start", "see 'merlon-agent board' by hand");
        }
    }

    // Of no session, pipe or terminal of ours: libvirt waits until nobody holds those of its hook any more.
    private void Start()
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        foreach (var word in (string[])["-c", "setsid \"$0\" board --instance \"$1\" </dev/null >/dev/null 2>&1 &", Environment.ProcessPath!, paths.Instance]) start.ArgumentList.Add(word);
        Process.Start(start)?.WaitForExit();
    }

    private (Socket Socket, string Answer)? Try(string words)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)s_patience.TotalMilliseconds };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(ControlOf(paths)));
            socket.Send(Encoding.ASCII.GetBytes(words + "\n"));
            using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
            if (reader.ReadLine() is { } answer) return (socket, answer);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It does not run, or hangs.
        }
        socket.Dispose();
        return null;
    }
}
