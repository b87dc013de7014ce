using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>Byte streams between the two guests by their own kernel's stacks.</summary>
internal static class Streams
{
    public const int Port = 7100;
    private const int Tcp = 6, Sctp = 132;

    /// <summary>Sends so many random bytes from web to db and back the hash of what arrived; throws if anything differs.</summary>
    public static void Transfer(OldKernelCable place, AddressFamily family, int bytes, bool sctp = false, int port = Port)
    {
        using var listener = Open(place.Db, family, sctp);
        place.Db.Namespace.Enter(() => Bind(listener, port));
        listener.Listen(4);
        var received = Task.Run(() =>
        {
            using var server = listener.Accept();
            (server.ReceiveTimeout, server.SendTimeout) = (60_000, 60_000);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[64 << 10];
            for (int total = 0, n; total < bytes && (n = server.Receive(buffer)) > 0; total += n) hash.AppendData(buffer, 0, n);
            server.Send(hash.GetHashAndReset());
        });
        using var client = Open(place.Web, family, sctp);
        (client.ReceiveTimeout, client.SendTimeout) = (60_000, 60_000);
        client.Connect(new IPEndPoint(family == AddressFamily.InterNetwork ? place.Db.Ip4 : place.Db.Ip6, port));
        var data = RandomNumberGenerator.GetBytes(bytes);
        // SCTP keeps message boundaries, and a message must fit its buffers.
        for (int sent = 0, n; sent < bytes; sent += n) n = client.Send(data, sent, Math.Min(1400, bytes - sent), SocketFlags.None);
        var answer = new byte[SHA256.HashSizeInBytes];
        for (int got = 0, n; got < answer.Length; got += n)
            if ((n = client.Receive(answer, got, answer.Length - got, SocketFlags.None)) == 0) throw new InvalidOperationException("the other end closed early");
        received.GetAwaiter().GetResult();
        if (!answer.AsSpan().SequenceEqual(SHA256.HashData(data))) throw new InvalidOperationException("what arrived is not what was sent");
    }

    /// <summary>A connection that nobody may open; true = it was opened all the same.</summary>
    public static bool Connects(OldKernelCable place, AddressFamily family, bool sctp, int port, TimeSpan limit)
    {
        using var client = Open(place.Web, family, sctp);
        try
        {
            return client.ConnectAsync(new IPEndPoint(family == AddressFamily.InterNetwork ? place.Db.Ip4 : place.Db.Ip6, port)).Wait(limit);
        }
        catch (AggregateException)
        {
            return false;
        }
    }

    // .NET has no name for SCTP: the socket is made by hand.
    private static Socket Open(Guest guest, AddressFamily family, bool sctp) => guest.Namespace.Enter(() =>
    {
        var fd = socket(family == AddressFamily.InterNetwork ? 2 : 10, 1 | 0x80000, sctp ? Sctp : Tcp);
        return fd >= 0 ? new Socket(new SafeSocketHandle(fd, ownsHandle: true)) : throw new InvalidOperationException("socket: " + Marshal.GetLastPInvokeErrorMessage());
    });

    private static bool Bind(Socket socket, int port)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
        return true;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int socket(int domain, int type, int protocol);
}
