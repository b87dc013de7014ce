using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Merlon.Contracts;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The way to the board of this host, from agent and hook; starts it where it does not run. The words are few and fixed: a board outlives
/// the agent that started it, and meets newer ones.</summary>
internal sealed class Board(InstancePaths paths)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Folder of its sockets.</summary>
    public static string FolderOf(InstancePaths paths) => Path.Combine(paths.Run, "board");

    /// <summary>The bus of a VM.</summary>
    public static string SocketOf(InstancePaths paths, string vm) => Path.Combine(FolderOf(paths), vm);

    public static string ControlOf(InstancePaths paths) => Path.Combine(FolderOf(paths), "control");

    public string SocketOf(string vm) => SocketOf(paths, vm);

    /// <summary>There is a bus for the VM. True = QEMU is connected to it. Throws <see cref="AgentFault"/>.</summary>
    public bool Open(string vm) => Ask("open " + vm) == "busy";

    /// <summary>The VM comes: its next Load is taken. Throws <see cref="AgentFault"/>.</summary>
    public void Expect(string vm) => Ask("expect " + vm);

    /// <summary>Ends it, if it runs.</summary>
    public void Quit() => TryAsk("quit");

    private string Ask(string words)
    {
        if (TryAsk(words) is { } answer) return answer;
        Start();
        for (var until = Stopwatch.StartNew(); until.Elapsed < s_patience; Thread.Sleep(20))
            if (TryAsk(words) is { } late) return late;
        throw new AgentFault("no-board", "the helper that carries connections does not start", "see 'merlon-agent board' by hand");
    }

    // Of no session, pipe or terminal of ours: libvirt waits until nobody holds those of its hook any more.
    private void Start()
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        foreach (var word in (string[])["-c", "setsid \"$0\" board --instance \"$1\" </dev/null >/dev/null 2>&1 &", Environment.ProcessPath!, paths.Instance]) start.ArgumentList.Add(word);
        Process.Start(start)?.WaitForExit();
    }

    private string? TryAsk(string words)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)s_patience.TotalMilliseconds };
            socket.Connect(new UnixDomainSocketEndPoint(ControlOf(paths)));
            socket.Send(Encoding.ASCII.GetBytes(words + "\n"));
            using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
            return reader.ReadLine();
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }
}
