using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>A connection of web's to db between two real stacks, and its entry.</summary>
public sealed partial class LiveConnection : IDisposable
{
    private const nuint OutQueue = 0x5411; // SIOCOUTQ, tcp(7)
    private readonly AttackPlace _place;
    private readonly bool _v6;
    private readonly Socket _client, _server;

    internal LiveConnection(AttackPlace place, bool v6)
    {
        (_place, _v6) = (place, v6);
        using var listener = Make(place.Db);
        listener.Hold(AttackPlace.Service);
        listener.Listen(4);
        _client = Make(place.Web);
        _client.Connect(new IPEndPoint(v6 ? place.Db.Ip6 : place.Db.Ip4, AttackPlace.Service));
        _server = listener.Accept();
        foreach (var socket in new[] { _client, _server }) (socket.SendTimeout, socket.ReceiveTimeout, socket.NoDelay) = (5000, 5000, true);
        ClientPort = ((IPEndPoint)_client.LocalEndPoint!).Port;
    }

    public int ClientPort { get; }

    /// <summary>Whether bytes still pass in both directions, just those that were sent. Every acknowledgement has passed the hooks by then.</summary>
    public bool Echoes()
    {
        try
        {
            return Passes(_client, _server) && Passes(_server, _client)
                && SpinWait.SpinUntil(() => Unacknowledged(_client) + Unacknowledged(_server) == 0, TimeSpan.FromSeconds(5));
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>As it stands in the table; null when it is gone. Endpoint a is web, whose address is the lower one.</summary>
    public ConnRecord? Entry()
    {
        using var map = _place.World.Open(_v6 ? "conn6" : "conn4");
        return _v6 ? Find(map.ReadAll<ConnKey6, ConnRecord>(Bpf.WithLock).Select(e => (e.Key.PortA, e.Value)))
            : Find(map.ReadAll<ConnKey4, ConnRecord>(Bpf.WithLock).Select(e => (e.Key.PortA, e.Value)));
    }

    public void Dispose()
    {
        // A reset leaves nothing behind that would speak during the next attack.
        foreach (var socket in new[] { _client, _server })
        {
            socket.LingerState = new(true, 0);
            socket.Dispose();
        }
    }

    private ConnRecord? Find(IEnumerable<(ushort Port, ConnRecord Record)> entries) =>
        entries.Where(e => (ushort)IPAddress.NetworkToHostOrder((short)e.Port) == ClientPort && e.Record.State is not (ConnState.Dead or ConnState.Gone))
            .Select(e => (ConnRecord?)e.Record).FirstOrDefault();

    private static int Unacknowledged(Socket socket) =>
        Ioctl(socket.SafeHandle, OutQueue, out var bytes) == 0 ? bytes : throw new InvalidOperationException("SIOCOUTQ: " + Marshal.GetLastPInvokeErrorMessage());

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeSocketHandle socket, nuint request, out int value);

    private Socket Make(Guest guest) => guest.Namespace.Enter(() => new Socket(_v6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    private static bool Passes(Socket from, Socket to)
    {
        var (sent, arrived) = (RandomNumberGenerator.GetBytes(64), new byte[64]);
        from.Send(sent);
        for (int got = 0, n; got < arrived.Length; got += n)
            if ((n = to.Receive(arrived, got, arrived.Length - got, SocketFlags.None)) == 0) return false;
        return to.Available == 0 && sent.AsSpan().SequenceEqual(arrived);
    }
}
