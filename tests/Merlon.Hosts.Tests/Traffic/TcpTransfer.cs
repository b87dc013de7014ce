using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>One long TCP connection that carries a known byte pattern and checks every byte that arrives.</summary>
public sealed class TcpTransfer : IDisposable
{
    private readonly Socket _listener;
    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly Thread[] _threads;
    private readonly TimeSpan _pause;
    private volatile bool _stop;
    private long _sent, _received, _wrong;

    /// <param name="pause">Rest between blocks of 4 KiB.</param>
    public TcpTransfer(Guest from, Guest to, IPAddress address, int port, TimeSpan pause)
    {
        _pause = pause;
        _listener = to.Listen(port);
        _sender = from.Tcp();
        _sender.SendTimeout = 20_000;
        _sender.Connect(new IPEndPoint(address, port));
        _receiver = _listener.Accept();
        _receiver.ReceiveTimeout = 200;
        _threads = [new Thread(Send) { IsBackground = true }, new Thread(Receive) { IsBackground = true }];
        foreach (var thread in _threads) thread.Start();
    }

    public long Received => Interlocked.Read(ref _received);

    /// <summary>Ends the stream in order and says what got lost or changed on the way.</summary>
    public (long Sent, long Received, long Wrong) Finish()
    {
        _stop = true;
        foreach (var thread in _threads) thread.Join(TimeSpan.FromSeconds(30));
        return (Interlocked.Read(ref _sent), Interlocked.Read(ref _received), Interlocked.Read(ref _wrong));
    }

    public void Dispose()
    {
        // The threads end before their sockets do, or a failed test would die of its own traffic.
        Finish();
        _sender.Dispose();
        _receiver.Dispose();
        _listener.Dispose();
    }

    private static byte Pattern(long offset) => (byte)(offset * 31 + (offset >> 8));

    private void Send()
    {
        var block = new byte[4096];
        while (!_stop)
        {
            for (var i = 0; i < block.Length; i++) block[i] = Pattern(_sent + i);
            for (var at = 0; at < block.Length;)
            {
                var n = _sender.Send(block, at, block.Length - at, SocketFlags.None, out var error);
                if (error != SocketError.Success) return;
                at += n;
                Interlocked.Add(ref _sent, n);
            }
            if (_pause > TimeSpan.Zero) Thread.Sleep(_pause);
        }
        _sender.Shutdown(SocketShutdown.Send);
    }

    private void Receive()
    {
        var block = new byte[65536];
        var idle = 0;
        while (idle < 100)
        {
            var n = _receiver.Receive(block, 0, block.Length, SocketFlags.None, out var error);
            if (error is SocketError.TimedOut or SocketError.WouldBlock)
            {
                idle++;
                continue;
            }
            if (error != SocketError.Success || n == 0) return;
            idle = 0;
            for (var i = 0; i < n; i++) if (block[i] != Pattern(_received + i)) Interlocked.Increment(ref _wrong);
            Interlocked.Add(ref _received, n);
        }
    }
}
