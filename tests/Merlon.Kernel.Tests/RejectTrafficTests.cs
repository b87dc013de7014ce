using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Real stacks hear at once that a rule rejected them, whichever side judged, and whether the caller is guarded or not.</summary>
public sealed class RejectTrafficTests(RejectTrafficTests.Place place) : IClassFixture<RejectTrafficTests.Place>
{
    private readonly Cable _cable = place.Cable;
    private readonly Guest _outside = place.Outside;

    /// <summary>web and db guarded, a third guest not.</summary>
    public sealed class Place : IDisposable
    {
        private const string AtDb = "{name: in, from: [any], to: [vm/db], services: [tcp/7200, udp/7200, service/ping], action: reject, appliesTo: [vm/db]}";
        private const string AtWeb = "{name: out, from: [vm/web], to: [any], services: [tcp/7300, udp/7300], action: reject, appliesTo: [vm/web]}";
        private const string Lets = "{name: lets, from: [vm/web], to: [vm/db], services: [tcp/7200, udp/7200, service/ping], action: allow, appliesTo: [vm/web]}";

        public Place() => Outside = new(Cable.Host, $"r{Environment.ProcessId % 10000}", 3, "outside");

        public Cable Cable { get; } = new(null, AtDb, AtWeb, Lets);

        public Guest Outside { get; }

        public void Dispose()
        {
            Outside.Dispose();
            Cable.Dispose();
        }
    }

    public static TheoryData<string, int, AddressFamily> Callers => new(
        from caller in new[] { ("web", 7200), ("web", 7300), ("outside", 7200) }
        from family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 }
        select (caller.Item1, caller.Item2, family));

    [Theory]
    [MemberData(nameof(Callers))]
    public void A_connect_is_refused_at_once(string caller, int port, AddressFamily family)
    {
        using var socket = Guest(caller).Namespace.Enter(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp));
        var sentAgain = Guest(caller).TcpExt("TCPSynRetrans");
        var refused = Record.Exception(() => socket.Connect(Db(family, port)));
        refused.Should().BeOfType<SocketException>().Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
        Guest(caller).TcpExt("TCPSynRetrans").Should().Be(sentAgain, "it was answered before the SYN was sent again");
        OnlyRejected();
    }

    [Theory]
    [MemberData(nameof(Callers))]
    public void A_datagram_comes_back_as_an_error(string caller, int port, AddressFamily family)
    {
        using var socket = Guest(caller).Namespace.Enter(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 });
        socket.Connect(Db(family, port));
        socket.Send(new byte[100]);
        var error = Record.Exception(() => socket.Receive(new byte[1])).Should().BeOfType<SocketException>().Which.SocketErrorCode;
        error.Should().Be(family == AddressFamily.InterNetwork ? SocketError.HostUnreachable : SocketError.AccessDenied);
        OnlyRejected();
    }

    [Theory]
    [InlineData("10.9.0.2")]
    [InlineData("fd00:9::2")]
    public void A_ping_hears_it_too(string db)
    {
        using var socket = _cable.Web.Namespace.Enter(() => new Socket(IPAddress.Parse(db).AddressFamily, SocketType.Raw, db.Contains(':') ? ProtocolType.IcmpV6 : ProtocolType.Icmp) { ReceiveTimeout = 5000 });
        _cable.Web.Run("busybox", "ping", "-c", "1", "-W", "1", "-s", "100", db).Code.Should().NotBe(0);
        var buffer = new byte[512];
        var types = new List<byte>();
        while (socket.Available > 0) types.Add(db.Contains(':') ? (socket.Receive(buffer), buffer[0]).Item2 : (socket.Receive(buffer), buffer[20]).Item2);
        types.Should().Contain(db.Contains(':') ? (byte)1 : (byte)3);
    }

    [Fact]
    public void Without_the_rule_nobody_answers()
    {
        using var socket = _outside.Namespace.Enter(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 500 });
        socket.Connect(Db(AddressFamily.InterNetwork, 7201));
        socket.Send(new byte[100]);
        Record.Exception(() => socket.Receive(new byte[1])).Should().BeOfType<SocketException>().Which.SocketErrorCode.Should().BeOneOf(SocketError.TimedOut, SocketError.WouldBlock);
    }

    private Guest Guest(string name) => name == "web" ? _cable.Web : _outside;

    private IPEndPoint Db(AddressFamily family, int port) => new(family == AddressFamily.InterNetwork ? _cable.Db.Ip4 : _cable.Db.Ip6, port);

    private void OnlyRejected()
    {
        _cable.World.Losses().Keys.Should().BeSubsetOf([Reason.Rule, Reason.Default], "the answer itself is dropped nowhere");
        _cable.World.Kernel.Connections.List().Should().BeEmpty();
    }
}
