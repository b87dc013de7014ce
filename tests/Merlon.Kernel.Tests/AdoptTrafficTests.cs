using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Connections of real stacks that run when their VMs are guarded (docs/packet-path.md, Adopting): those that the policy allows go on,
/// and without an adoption none does.</summary>
public sealed class AdoptTrafficTests : IDisposable
{
    private const int Allowed = 7100, Other = 7101;
    private const string Manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        metadata: {name: all}
        spec:
          vms:
          - {name: web, tenant: shop, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.9.0.1, "fd00:9::1"]}]}
          - {name: db, tenant: shop, nics: [{mac: 52:54:00:00:00:02, network: br0, addresses: [10.9.0.2, "fd00:9::2"]}]}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: web-db, from: [vm/web], to: [vm/db], services: [tcp/7100], action: allow}
        """;

    private readonly GuestHost _host = new('d');
    private readonly Guest _web, _db;
    private readonly World _world;

    public AdoptTrafficTests()
    {
        _host.AddBridge("br0");
        (_web, _db) = (_host.AddGuest(1, "web"), _host.AddGuest(2, "db"));
        _world = new(Manifest);
    }

    public void Dispose()
    {
        _host.Dispose();
        _world.Dispose();
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_connection_that_runs_goes_on_and_is_shown_as_adopted(AddressFamily family)
    {
        using var talk = Open(family, Allowed);
        talk.Speaks().Should().BeTrue();
        Guard(adopting: [_web, _db]);
        for (var i = 0; i < 50; i++) talk.Speaks().Should().BeTrue();
        var entry = _world.Kernel.Connections.List().Should().ContainSingle(e => e.Proto == 6).Subject;
        (entry.Adopted, entry.State, entry.DestinationPort).Should().Be((true, ConnState.Established, (ushort)Allowed));
        _world.Kernel.Counters[Counter.Adopted].Should().Be(1);
        _world.Events().Should().Contain(e => e.Type == EventType.Open && e.Reason == Reason.Adopted);
        talk.Closes().Should().BeTrue();
    }

    [Fact]
    public void Without_an_adoption_it_is_cut()
    {
        using var talk = Open(AddressFamily.InterNetwork, Allowed);
        talk.Speaks().Should().BeTrue();
        Guard(adopting: []);
        talk.Speaks().Should().BeFalse();
        _world.Kernel.Counters.Drops(Reason.TcpNoConnection).Should().BeGreaterThan(0);
    }

    [Fact]
    public void One_that_no_rule_allows_is_cut_all_the_same()
    {
        using var talk = Open(AddressFamily.InterNetwork, Other);
        talk.Speaks().Should().BeTrue();
        Guard(adopting: [_web, _db]);
        talk.Speaks().Should().BeFalse();
        _world.Kernel.Connections.List().Should().NotContain(e => e.Proto == 6);
    }

    [Fact]
    public void One_that_is_over_one_end_s_time_is_cut()
    {
        using var talk = Open(AddressFamily.InterNetwork, Allowed);
        talk.Speaks().Should().BeTrue();
        Guard(adopting: [_web]);
        talk.Speaks().Should().BeFalse();
        _world.Kernel.Connections.List().Should().NotContain(e => e.Proto == 6);
    }

    /// <summary>What is on its way when the hooks come on, megabytes of it, is lost for a moment and sent again. To one that has asked and only listens
    /// it comes again once it has said something: nobody else may say that it asked.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_goes_on(bool fromClient)
    {
        const long bytes = 256 << 20;
        using var talk = Open(AddressFamily.InterNetwork, Allowed);
        var (from, to) = fromClient ? (talk.Client, talk.Server) : (talk.Server, talk.Client);
        var sent = Task.Run(() =>
        {
            var block = new byte[64 << 10];
            for (long n = 0; n < bytes; n += block.Length) from.Send(block);
            from.Shutdown(SocketShutdown.Send);
        }, TestContext.Current.CancellationToken);
        var arrived = Task.Run(() =>
        {
            var buffer = new byte[256 << 10];
            long total = 0;
            for (int n; (n = to.Receive(buffer)) > 0; total += n)
                if (total < 16 << 20 && total + n >= 16 << 20)
                {
                    Guard(adopting: [_web, _db]);
                    if (!fromClient) to.Send(buffer.AsSpan(0, 1));
                }
            return total;
        }, TestContext.Current.CancellationToken);
        await sent;
        (await arrived).Should().Be(bytes);
        _world.Kernel.Counters[Counter.Adopted].Should().Be(1);
    }

    private void Guard(Guest[] adopting)
    {
        _world.Kernel.Adoptions.Set(adopting.ToDictionary(g => _world[g.Name].Record.Vnic, _ => BootClock.NowNs + 60_000_000_000));
        _host.Guard(_world, _web, _db);
    }

    private Talking Open(AddressFamily family, int port)
    {
        using var listener = _db.Namespace.Enter(() =>
        {
            var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            socket.Hold(port);
            socket.Listen(1);
            return socket;
        });
        var client = _web.Namespace.Enter(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        client.Connect(new IPEndPoint(family == AddressFamily.InterNetwork ? _db.Ip4 : _db.Ip6, port));
        return new(client, listener.Accept());
    }

    private sealed class Talking : IDisposable
    {
        public Talking(Socket client, Socket server)
        {
            (Client, Server) = (client, server);
            foreach (var socket in new[] { client, server }) (socket.SendTimeout, socket.ReceiveTimeout) = (3000, 3000);
        }

        public Socket Client { get; }

        public Socket Server { get; }

        /// <summary>A byte there and one back, within three seconds each.</summary>
        public bool Speaks()
        {
            try
            {
                var one = new byte[1];
                return Client.Send(one) == 1 && Server.Receive(one) == 1 && Server.Send(one) == 1 && Client.Receive(one) == 1;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                return false;
            }
        }

        public bool Closes()
        {
            Client.Shutdown(SocketShutdown.Send);
            return Server.Receive(new byte[1]) == 0;
        }

        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
