using System.Buffers.Binary;
using System.Net.Sockets;

namespace Merlon.Hosts.Tests.Migration;

/// <summary>A TCP connection whose other end sends back what it gets: numbers, in order.</summary>
public sealed class LivingSocket(Socket socket) : IDisposable
{
    private ulong _next;
    private Thread? _busy;
    private volatile bool _stop;
    private volatile string? _broken;

    /// <summary>Why it is no longer alive; null = it is.</summary>
    public string? Broken => _broken;

    /// <summary>Numbers that came back.</summary>
    public ulong Echoed => Volatile.Read(ref _next);

    /// <summary>One number goes and comes back; for a busy one, one more does.</summary>
    public bool IsAlive(TimeSpan patience)
    {
        var before = Echoed;
        if (_busy is null) Exchange((int)patience.TotalMilliseconds);
        else SpinWait.SpinUntil(() => Echoed > before || _broken is not null, patience);
        return _broken is null && Echoed > before;
    }

    /// <summary>Numbers go to and fro without an end.</summary>
    public LivingSocket Busy()
    {
        _busy = new(() =>
        {
            while (!_stop && _broken is null)
            {
                Exchange(60_000);
                Thread.Sleep(5);
            }
        })
        { IsBackground = true };
        _busy.Start();
        return this;
    }

    public void Dispose()
    {
        _stop = true;
        socket.Dispose();
        _busy?.Join();
    }

    private void Exchange(int patienceMs)
    {
        try
        {
            var number = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(number, _next);
            socket.ReceiveTimeout = patienceMs;
            socket.Send(number);
            var back = new byte[8];
            for (var got = 0; got < back.Length;)
                if (socket.Receive(back, got, back.Length - got, SocketFlags.None) is var more and > 0) got += more;
                else throw new InvalidOperationException("the other end closed it");
            if (!back.AsSpan().SequenceEqual(number)) throw new InvalidOperationException($"{_next} came back as {Convert.ToHexString(back)}");
            Volatile.Write(ref _next, _next + 1);
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException or ObjectDisposedException)
        {
            _broken = e.Message;
        }
    }
}
