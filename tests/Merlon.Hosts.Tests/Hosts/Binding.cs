using System.Net;
using System.Net.Sockets;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Ports for tests that run side by side in one process.</summary>
public static class Binding
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Binds to a port of any own address; 0 = a free one. A process that is being started anywhere in this one
    /// holds copies of all its sockets until its exec: a port that was just freed stays taken for that moment.</summary>
    public static void Hold(this Socket socket, int port)
    {
        var end = DateTime.UtcNow + s_patience;
        while (true)
        {
            try
            {
                socket.Bind(new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && DateTime.UtcNow < end)
            {
                Thread.Sleep(5);
            }
        }
    }
}
