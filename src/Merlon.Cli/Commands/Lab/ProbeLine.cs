using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Merlon.Contracts;

namespace Merlon.Cli.Commands.Lab;

/// <summary>A line to the probe inside one VM: any number of commands at a time, each answered by one JSON object.</summary>
internal sealed class ProbeLine : IAsyncDisposable
{
    /// <summary>So many clients a VM's probe serves at a time, each over a serial port of its own.</summary>
    public const int Lines = 4;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonObject>> waiting = new();
    private readonly SemaphoreSlim writing = new(1);
    private readonly FileStream claim;
    private readonly NetworkStream stream;
    private readonly Task reading;
    private readonly string vm;
    private readonly string prefix = Guid.NewGuid().ToString("N")[..8];
    private int last;

    private ProbeLine(string vm, FileStream claim, NetworkStream stream)
    {
        (this.vm, this.claim, this.stream) = (vm, claim, stream);
        reading = Read();
    }

    /// <summary>Takes a free line; waits when all are in use. To a VM that moves at this moment: where it goes to, which answers when it is there.</summary>
    public static async Task<ProbeLine> Open(Lab lab, string vm, CancellationToken cancel)
    {
        var host = lab.Hosts.Where(h => File.Exists(h.ProbeSocket(vm, 1))).MaxBy(h => File.GetLastWriteTimeUtc(h.ProbeSocket(vm, 1))) ?? throw Lab.NotRunning(vm);
        var (socket, claim) = await Free(line => host.ProbeSocket(vm, line), cancel);
        return await Connect(vm, socket, claim, cancel);
    }

    /// <summary>Waits for a line that nobody else holds.</summary>
    internal static async Task<(string Socket, FileStream Claim)> Free(Func<int, string> socket, CancellationToken cancel)
    {
        while (true)
        {
            for (var line = 1; line <= Lines; line++)
                if (HeldFile.TryTake(socket(line) + ".lock") is { } claim) return (socket(line), claim);
            await Task.Delay(50, cancel);
        }
    }

    /// <summary>Sends one command and returns the probe's answer.</summary>
    public async Task<JsonObject> Send(string command, CancellationToken cancel)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Interlocked.Increment(ref last)}");
        var answer = waiting[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // Set when the VM went away between the last read and now: nobody would complete this answer.
        if (reading.IsCompleted) throw Gone();
        await writing.WaitAsync(cancel);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{id} {command}\n"), cancel);
        }
        finally
        {
            writing.Release();
        }
        return await answer.Task.WaitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        await reading;
        await claim.DisposeAsync();
        writing.Dispose();
    }

    private static async Task<ProbeLine> Connect(string vm, string path, FileStream claim, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            var stream = new NetworkStream(socket, ownsSocket: true);
            // Cancels whatever half line the client before left in the guest.
            await stream.WriteAsync("\u0018\n"u8.ToArray(), cancel);
            return new(vm, claim, stream);
        }
        catch (Exception e)
        {
            socket.Dispose();
            claim.Dispose();
            if (e is SocketException) throw Lab.NotRunning(vm);
            throw;
        }
    }

    private async Task Read()
    {
        try
        {
            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            while (await reader.ReadLineAsync() is { } line) Deliver(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The VM ended or the line was closed; whoever still waits learns it below.
        }
        foreach (var answer in waiting.Values) answer.TrySetException(Gone());
    }

    // Answers to a client before us carry its ids and are nobody's here.
    private void Deliver(string line)
    {
        try
        {
            if (JsonNode.Parse(line) is JsonObject answer && answer["id"]?.GetValue<string>() is { } id && waiting.TryRemove(id, out var waiter))
            {
                answer.Remove("id");
                waiter.TrySetResult(answer);
            }
        }
        catch (JsonException)
        {
            // Half a line that the client before us did not read.
        }
    }

    private CliException Gone() => new($"VM {vm} went away", "see 'merlon lab status'");
}
