using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>A number that the receiver saw, and when (<see cref="Stopwatch.GetTimestamp"/>).</summary>
public readonly record struct Arrival(long Number, long At);

/// <summary>A live connection that carries growing numbers from one guest to another, each with the generation that the kernel
/// had right before it was sent. The receiver's own list says which of them passed.</summary>
public abstract class NumberedStream : IDisposable
{
    private readonly List<(uint Generation, long At)> _sent = [];
    private readonly List<Arrival> _received = [];
    private Thread? _thread;
    private volatile bool _stop;

    /// <summary>One of each protocol and IP version from a guest to another; the port is the echo's identifier.</summary>
    public static IEnumerable<NumberedStream> OfEveryKind(Guest from, Guest to, int port) => new[] { to.Ip4, to.Ip6 }.SelectMany(address =>
        new NumberedStream[] { new NumberedTcp(from, to, address, port), new NumberedUdp(from, to, address, port), new NumberedPing(from, to, address, (ushort)port) });

    /// <summary>For people: tcp/7200 IPv6.</summary>
    public abstract string Name { get; }

    public int Sent
    {
        get { lock (_sent) return _sent.Count; }
    }

    public int Received
    {
        get { lock (_received) return _received.Count; }
    }

    /// <summary>Sends the next number under what the kernel says now.</summary>
    public void Send(uint generation)
    {
        long number;
        lock (_sent)
        {
            number = _sent.Count;
            _sent.Add((generation, Stopwatch.GetTimestamp()));
        }
        Transmit(number);
    }

    /// <summary>How many numbers were sent while the kernel had this generation, and how many of them were received.</summary>
    public (int Sent, int Received) Under(uint generation)
    {
        lock (_sent) lock (_received)
            return (_sent.Count(s => s.Generation == generation), _received.Count(r => _sent[(int)r.Number].Generation == generation));
    }

    /// <summary>When the last number under this generation was sent: the next generation began after that.</summary>
    public long LastSentUnder(uint generation)
    {
        lock (_sent) return _sent.Last(s => s.Generation == generation).At;
    }

    /// <summary>Which of the numbers from one to another (not with it) did not come.</summary>
    public IReadOnlyList<long> Missing(int from, int to)
    {
        lock (_received) return [.. Enumerable.Range(from, to - from).Select(n => (long)n).Except(_received.Select(r => r.Number))];
    }

    public Arrival FirstReceived()
    {
        lock (_received) return _received[0];
    }

    public Arrival LastReceived()
    {
        lock (_received) return _received[^1];
    }

    public void Dispose()
    {
        _stop = true;
        _thread?.Join();
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Puts a number on the wire; one that cannot be sent counts as not received.</summary>
    protected abstract void Transmit(long number);

    /// <summary>Waits a little for data and hands numbers to <see cref="Arrived"/>.</summary>
    protected abstract void Receive();

    protected abstract void Close();

    /// <summary>Eight bytes on a connected socket.</summary>
    protected static void SendNumber(Socket socket, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        socket.Send(bytes, SocketFlags.None, out _);
    }

    protected void Arrived(ReadOnlySpan<byte> number)
    {
        var arrival = new Arrival(BinaryPrimitives.ReadInt64BigEndian(number), Stopwatch.GetTimestamp());
        lock (_received) _received.Add(arrival);
    }

    protected void Start()
    {
        _thread = new(() =>
        {
            Scheduling.BeFirst();
            while (!_stop) Receive();
        })
        { IsBackground = true };
        _thread.Start();
    }

    protected static Socket Open(Guest guest, IPAddress address, SocketType type, ProtocolType protocol, int port = 0) => guest.Namespace.Enter(() =>
    {
        var socket = new Socket(address.AddressFamily, type, protocol) { ReceiveTimeout = 100, SendTimeout = 100 };
        socket.Hold(port);
        return socket;
    });

    protected static string Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
}
