using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Kernel.Tests.Transparency;

/// <summary>The kinds of connections that must pass untouched.</summary>
internal enum DialogueKind { Bulk, Short, HalfClosed, Reset, FastOpen, BadWire, PathMtu }

/// <summary>One connection between two real stacks: what each end sends follows from the seed alone, and what each end saw is its transcript.</summary>
/// <param name="Number">Which of its kind, from 0 on; the seed.</param>
internal sealed record Dialogue(DialogueKind Kind, bool V6, int Number)
{
    private const int TcpLevel = 6, FastOpenQueue = 23, FastOpenConnect = 30;
    /// <summary>Milliseconds that an end waits for the other.</summary>
    public const int Patience = 60_000;


    private Random Dice => new((int)Kind * 100_000 + Number * 2 + (V6 ? 1 : 0));

    /// <summary>Plays it; returns what both ends saw, in one line.</summary>
    /// <param name="patience">Milliseconds that an end waits for the other.</param>
    /// <param name="half">Called when the opener has sent half of its bytes.</param>
    public string Play(TransparencyPlace place, int patience, Action half)
    {
        var dice = Dice;
        var (there, back) = Sizes(dice);
        var (request, answer) = (Bytes(dice, there), Bytes(dice, back));
        var (resets, first) = (dice.Next(3), dice.Next(2) == 0);
        using var listener = Make(place.Db);
        if (Kind == DialogueKind.FastOpen) listener.SetRawSocketOption(TcpLevel, FastOpenQueue, BitConverter.GetBytes(16));
        listener.Hold(0);
        listener.Listen(1);
        var served = Task.Run(() =>
        {
            using var server = Patient(listener.Accept(), patience);
            return Serve(server, request.Length, answer, resets, first);
        });
        using var client = Patient(Make(place.Web), patience);
        if (Kind == DialogueKind.FastOpen) client.SetRawSocketOption(TcpLevel, FastOpenConnect, BitConverter.GetBytes(1));
        client.Connect(new IPEndPoint(V6 ? place.Db.Ip6 : place.Db.Ip4, ((IPEndPoint)listener.LocalEndPoint!).Port));
        var seen = Ask(client, request, answer.Length, resets, first, half);
        return $"{Kind} {(V6 ? 6 : 4)} {Number}: {seen} | {served.GetAwaiter().GetResult()}";
    }

    private string Serve(Socket server, int expected, byte[] answer, int resets, bool first)
    {
        var got = Kind == DialogueKind.HalfClosed ? Rest(server) : Exactly(server, expected);
        SendAll(server, answer);
        if (Kind == DialogueKind.Reset) return got + (resets == 1 ? Break(server) : " " + Rest(server));
        if (Kind == DialogueKind.HalfClosed || first) server.Shutdown(SocketShutdown.Send);
        return got + " " + (Kind == DialogueKind.HalfClosed ? "" : Rest(server));
    }

    private string Ask(Socket client, byte[] request, int expected, int resets, bool first, Action half)
    {
        SendAll(client, request.AsSpan(0, request.Length / 2));
        half();
        SendAll(client, request.AsSpan(request.Length / 2));
        if (Kind == DialogueKind.HalfClosed)
        {
            client.Shutdown(SocketShutdown.Send);
            return Rest(client);
        }
        // Closed with an answer unread, a stack resets by itself.
        if (Kind == DialogueKind.Reset && resets == 2)
        {
            SpinWait.SpinUntil(() => client.Available > 0, Patience);
            client.Close();
            return "unread";
        }
        var got = Exactly(client, expected);
        if (Kind == DialogueKind.Reset) return got + (resets == 0 ? Break(client) : " " + Rest(client));
        if (!first) client.Shutdown(SocketShutdown.Send);
        var end = Rest(client, first ? () => client.Shutdown(SocketShutdown.Send) : null);
        return $"{got} {end}";
    }

    private (int There, int Back) Sizes(Random dice) => Kind switch
    {
        DialogueKind.Bulk => (dice.Next(100_000, 2_000_000), dice.Next(1, 200_000)),
        DialogueKind.HalfClosed => (dice.Next(1, 100_000), dice.Next(1, 400_000)),
        DialogueKind.BadWire => (dice.Next(50_000, 300_000), dice.Next(1, 100_000)),
        DialogueKind.PathMtu => (dice.Next(200_000, 600_000), dice.Next(20_000, 200_000)),
        DialogueKind.FastOpen => (dice.Next(2, 5000), dice.Next(1, 20_000)),
        _ => (dice.Next(2, 4000), dice.Next(1, 4000)),
    };

    private Socket Make(Guest guest) => guest.Namespace.Enter(() => new Socket(V6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    private static Socket Patient(Socket socket, int patience)
    {
        (socket.SendTimeout, socket.ReceiveTimeout, socket.NoDelay) = (patience, patience, true);
        return socket;
    }

    private static byte[] Bytes(Random dice, int count)
    {
        var bytes = new byte[count];
        dice.NextBytes(bytes);
        return bytes;
    }

    private static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
    }

    private static string Break(Socket socket)
    {
        socket.LingerState = new(true, 0);
        socket.Close();
        return " broke off";
    }

    private static string Exactly(Socket socket, int count)
    {
        var buffer = new byte[count];
        for (int got = 0, n; got < count; got += n)
            if ((n = socket.Receive(buffer, got, count - got, SocketFlags.None)) == 0) return $"ended after {got}";
        return Digest(count, SHA256.HashData(buffer));
    }

    /// <summary>To the end, however it comes; <paramref name="after"/> runs at an orderly one.</summary>
    private static string Rest(Socket socket, Action? after = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        var total = 0;
        while (true)
        {
            var n = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out var error);
            if (error == SocketError.ConnectionReset) return $"reset after {total}";
            if (error != SocketError.Success) return error.ToString();
            if (n == 0) break;
            hash.AppendData(buffer, 0, n);
            total += n;
        }
        after?.Invoke();
        return Digest(total, hash.GetHashAndReset()) + " end";
    }

    private static string Digest(int count, byte[] hash) => $"{count}:{Convert.ToHexString(hash, 0, 6)}";
}
