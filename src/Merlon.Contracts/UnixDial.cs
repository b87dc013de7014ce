using System.Net.Sockets;

namespace Merlon.Contracts;

/// <summary>A stream to a unix socket, for HTTP clients. Throws <see cref="SocketException"/>.</summary>
public static class UnixDial
{
    public static async ValueTask<Stream> To(string path, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
