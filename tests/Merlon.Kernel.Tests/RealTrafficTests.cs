using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Real network stacks through the attached program: nothing valid may be dropped, and counts are those of the guests.</summary>
public sealed class RealTrafficTests : IDisposable
{
    private const int Port = 7100;
    private readonly Cable _cable = new();

    public void Dispose() => _cable.Dispose();

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_bulk_transfer_arrives_whole_and_nothing_is_dropped(AddressFamily family)
    {
        const int bytes = 64 << 20;
        using var listener = Listen(family);
        var block = RandomNumberGenerator.GetBytes(64 << 10);
        var arrived = Task.Run(() =>
        {
            using var server = listener.Accept();
            return Received(server);
        });
        using (var client = Connect(family))
        {
            for (var sent = 0; sent < bytes; sent += block.Length) client.Send(block);
            client.Shutdown(SocketShutdown.Send);
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var sent = 0; sent < bytes; sent += block.Length) hash.AppendData(block);
        (await arrived).Should().Be((bytes, Convert.ToHexString(hash.GetHashAndReset())));
        Unexpected().Should().BeEmpty();
        var entry = _cable.World.Kernel.Connections.List().Should().ContainSingle(e => e.Proto == 6).Subject;
        entry.BytesOut.Should().BeInRange(bytes, bytes * 11UL / 10);
    }

    [Fact]
    public void Short_connections_open_and_close_without_a_drop_and_each_is_told()
    {
        using var v4 = Listen(AddressFamily.InterNetwork);
        using var v6 = Listen(AddressFamily.InterNetworkV6);
        foreach (var (family, listener) in new[] { (AddressFamily.InterNetwork, v4), (AddressFamily.InterNetworkV6, v6) })
            for (var i = 0; i < 100; i++)
            {
                using var client = Connect(family);
                using var server = listener.Accept();
                client.Send([(byte)i]);
                var answer = new byte[1];
                server.Receive(answer).Should().Be(1);
                server.Send(answer);
                client.Receive(answer).Should().Be(1);
                answer[0].Should().Be((byte)i);
            }
        Unexpected().Should().BeEmpty();
        _cable.World.Events().Count(e => e.Type == EventType.Open && e.Proto == 6).Should().Be(200);
    }

    [Theory]
    [InlineData("10.9.0.2")]
    [InlineData("fd00:9::2")]
    public void Ping_passes_whole_and_in_fragments(string db)
    {
        Ping(db, "-c", "20", "-i", "0.05").Should().Contain(" 0% packet loss");
        // Request and reply each in five fragments.
        Ping(db, "-c", "5", "-i", "0.05", "-s", "6000").Should().Contain(" 0% packet loss");
        Unexpected().Should().BeEmpty();
    }

    [Fact]
    public void What_no_rule_allows_does_not_arrive()
    {
        _cable.Delivered(7791).Should().Be(0);
        _cable.World.Kernel.Counters.Drops(Reason.Default).Should().BeGreaterThanOrEqualTo(20);
        _cable.Delivered(7789).Should().Be(20);
    }

    private Socket Listen(AddressFamily family) => _cable.Db.Namespace.Enter(() =>
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        socket.Hold(Port);
        socket.Listen(16);
        return socket;
    });

    private Socket Connect(AddressFamily family)
    {
        var socket = _cable.Web.Namespace.Enter(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = 20_000, ReceiveTimeout = 20_000 });
        socket.Connect(new IPEndPoint(family == AddressFamily.InterNetwork ? _cable.Db.Ip4 : _cable.Db.Ip6, Port));
        return socket;
    }

    private static (long Bytes, string Hash) Received(Socket server)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 << 10];
        long total = 0;
        for (int n; (n = server.Receive(buffer)) > 0; total += n) hash.AppendData(buffer, 0, n);
        return (total, Convert.ToHexString(hash.GetHashAndReset()));
    }

    private string Ping(string to, params string[] args) =>
        _cable.Web.Run(["busybox", "ping", .. args, to]).Ok();

    private Dictionary<Reason, ulong> Unexpected() => _cable.World.Losses();
}
