using System.Net.Sockets;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>One connection to a VM's bus. QEMU is not trusted: one call at a time, whole within <see cref="Patience"/> once it has begun, bounded;
/// whoever breaks the protocol or does not read its answers is cut off. Between two calls it may be silent for ever.</summary>
internal sealed class BusClient(Socket socket, VmBus bus)
{
    private const int MostLine = 256, MostLines = 16;
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Until it goes away, or is cut off.</summary>
    public async Task ServeAsync(CancellationToken stop)
    {
        using var mine = socket;
        try
        {
            await Timed(GreetAsync, stop);
            var head = new byte[BusCall.HeadBytes];
            while (await socket.ReceiveAsync(head.AsMemory(0, 1), stop) == 1) await Timed(s => AnswerAsync(head, s), stop);
        }
        catch (Exception e) when (e is SocketException or FormatException or OperationCanceledException or ObjectDisposedException)
        {
            // Its own affair: to the host it is as if it had no bus.
        }
    }

    private static async Task Timed(Func<CancellationToken, Task> work, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        end.CancelAfter(Patience);
        await work(end.Token);
    }

    // D-Bus specification, Authentication Protocol. Who may connect, the socket's owner and mode have decided.
    private async Task GreetAsync(CancellationToken stop)
    {
        var first = true;
        for (var lines = 0; lines < MostLines; lines++)
        {
            var line = await LineAsync(stop);
            if (first) line = line.StartsWith('\0') ? line[1..] : throw new FormatException("no greeting");
            first = false;
            if (line == "BEGIN") return;
            await SendAsync(Encoding.ASCII.GetBytes(Greeting(line) + "\r\n"), stop);
        }
        throw new FormatException("no end of the greeting");
    }

    // GDBus asks for the mechanisms first, and says who it is when it is asked.
    private static string Greeting(string line) => line switch
    {
        "AUTH EXTERNAL" => "DATA",
        _ when line.StartsWith("AUTH EXTERNAL ", StringComparison.Ordinal) || line.StartsWith("DATA", StringComparison.Ordinal) => "OK " + VmDoor.BusId,
        _ when line.StartsWith("AUTH", StringComparison.Ordinal) => "REJECTED EXTERNAL",
        _ => "ERROR",
    };

    private async Task<string> LineAsync(CancellationToken stop)
    {
        var line = new StringBuilder();
        for (var one = new byte[1]; line.Length < MostLine;)
        {
            await FillAsync(one, stop);
            if (one[0] == '\n' && line.Length > 0 && line[^1] == '\r') return line.ToString(0, line.Length - 1);
            line.Append((char)one[0]);
        }
        throw new FormatException("a line is too long");
    }

    private async Task AnswerAsync(byte[] head, CancellationToken stop)
    {
        await FillAsync(head.AsMemory(1), stop);
        var rest = new byte[BusCall.Rest(head)];
        await FillAsync(rest, stop);
        var call = BusCall.Read(head, rest);
        if (call.Type != BusCall.MethodCall) return;
        var answer = await bus.AnswerAsync(call);
        if (call.WantsAnswer) await SendAsync(answer, stop);
    }

    private async Task FillAsync(Memory<byte> into, CancellationToken stop)
    {
        for (int read; into.Length > 0; into = into[read..])
            if ((read = await socket.ReceiveAsync(into, stop)) == 0) throw new FormatException("it went away in the middle");
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (bytes.Length > 0) bytes = bytes[(await socket.SendAsync(bytes, stop))..];
    }
}
