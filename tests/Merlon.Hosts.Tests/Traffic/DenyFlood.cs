using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Datagrams to ever other ports, none of which is allowed: an event for each.</summary>
public sealed class DenyFlood : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _stop;

    public DenyFlood(Guest from, IPAddress to)
    {
        _thread = new(() =>
        {
            using var socket = from.Udp();
            for (var n = 0; !_stop; n++)
            {
                socket.SendTo("refused"u8, new IPEndPoint(to, 20000 + n % 40000));
                if (n % 20 == 0) Thread.Sleep(1);
            }
        })
        { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }
}
