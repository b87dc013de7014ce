using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Many slow TCP connections from one guest to one port of another, which sends back what it gets. They are opened once and stay.</summary>
public sealed class ManyStreams : IDisposable
{
    private static readonly byte[] s_word = "12345678"u8.ToArray();
    private readonly Socket _listener;
    private readonly Socket[] _streams;

    public ManyStreams(Guest from, Guest to, int port, int count)
    {
        _listener = to.Listen(port);
        _ = Accept();
        _streams = [.. Enumerable.Range(0, count).Select(_ =>
        {
            var socket = from.Tcp();
            (socket.SendTimeout, socket.ReceiveTimeout) = (5000, 5000);
            socket.Connect(to.Ip4, port);
            return socket;
        })];
    }

    /// <summary>A word on each connection; how many of them did not bring it back.</summary>
    public int Round()
    {
        var lost = 0;
        foreach (var some in _streams.Chunk(50))
        {
            foreach (var stream in some) stream.Send(s_word, 0, s_word.Length, SocketFlags.None, out _);
            lost += some.Count(s => !Answered(s));
        }
        return lost;
    }

    public void Dispose()
    {
        foreach (var stream in _streams) stream.Dispose();
        _listener.Dispose();
    }

    private static bool Answered(Socket stream)
    {
        var buffer = new byte[s_word.Length];
        for (int got = 0, n; got < buffer.Length; got += n)
            if ((n = stream.Receive(buffer, got, buffer.Length - got, SocketFlags.None, out var error)) == 0 || error != SocketError.Success) return false;
        return buffer.AsSpan().SequenceEqual(s_word);
    }

    private async Task Accept()
    {
        try
        {
            while (true) _ = Echo(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the listener is gone: it is over
        }
    }

    private static async Task Echo(Socket socket)
    {
        using var own = socket;
        var buffer = new byte[64];
        try
        {
            for (int n; (n = await socket.ReceiveAsync(buffer)) > 0;) await socket.SendAsync(buffer.AsMemory(0, n));
        }
        catch (SocketException)
        {
            // the other end is gone
        }
    }
}
