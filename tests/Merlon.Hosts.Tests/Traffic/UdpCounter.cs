using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Counts numbered datagrams that a guest receives on a port.</summary>
public sealed class UdpCounter : IDisposable
{
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly HashSet<long> _seen = [];
    private readonly bool _echo;
    private volatile bool _stop;

    public UdpCounter(Guest guest, int port, bool echo = false)
    {
        _echo = echo;
        _socket = guest.Udp(port);
        // SOL_SOCKET, SO_RCVBUFFORCE: beyond what the machine allows to everybody, so that nothing is lost here.
        _socket.SetRawSocketOption(1, 33, BitConverter.GetBytes(8 << 20));
        _socket.ReceiveTimeout = 100;
        _thread = new Thread(Receive) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The numbers received so far.</summary>
    public HashSet<long> Seen()
    {
        lock (_seen) return [.. _seen];
    }

    /// <summary>Counts from nought again those of which this is true.</summary>
    public void Forget(Predicate<long> numbers)
    {
        lock (_seen) _seen.RemoveWhere(numbers);
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Receive()
    {
        Scheduling.BeFirst();
        var buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        while (!_stop)
        {
            try
            {
                var length = _socket.ReceiveFrom(buffer, ref from);
                if (length < 8) continue;
                lock (_seen) _seen.Add(BinaryPrimitives.ReadInt64BigEndian(buffer));
                if (_echo) _socket.SendTo(buffer.AsSpan(0, length), from);
            }
            catch (SocketException)
            {
                // a timeout or an ICMP error: look whether to stop
            }
        }
    }
}
