using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>Connections that run when their VMs are guarded for the first time, with the real agent (docs/agent.md, Adopting).</summary>
public sealed class AdoptTests : IDisposable
{
    private const int Allowed = 7400, Other = 7401;
    private readonly TestHost _host = new();
    private readonly Guest _a, _b;

    public AdoptTests()
    {
        (_a, _b) = (_host.AddGuest("a"), _host.AddGuest("b"));
        _host.Start();
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void What_runs_and_is_allowed_goes_on_and_its_time_is_begun_once()
    {
        var product = _host.Product;
        Apply("adopt: 60s");
        using var allowed = new Talk(_a, _b, Allowed);
        using var other = new Talk(_a, _b, Other);
        product.Attach(_a, "shop");
        product.Attach(_b, "shop");
        Assert.True(allowed.Speaks(), "the connection that the policy allows was cut");
        Assert.False(other.Speaks(), "one that it does not allow goes on");
        var connection = Assert.Single(Connections(), c => c.Service == $"tcp/{Allowed}");
        Assert.Equal((true, "established", "both"), (connection.Adopted, connection.State, connection.Approved));
        Assert.DoesNotContain(Connections(), c => c.Service == $"tcp/{Other}");
        var until = Until("a");
        Assert.InRange((until!.Value - DateTimeOffset.UtcNow).TotalSeconds, 1, 60);

        Product.Kill9(product.Agent);
        Assert.True(allowed.Speaks(), "it ended with the agent");
        product.StartAgent();
        product.WaitReady();
        Assert.InRange((Until("a")!.Value - until.Value).TotalSeconds, -1, 1);
        Apply("adopt: 600s");
        Assert.InRange((Until("a")!.Value - until.Value).TotalSeconds, -1, 1);

        Apply("log: all");
        Assert.Null(Until("a"));
        Assert.Null(Until("b"));
        Assert.True(allowed.Speaks(), "what was taken in ended with the time");

        Apply("adopt: 60s");
        product.Cli("detach", _a.Ifname).Ok();
        product.Attach(_a, "shop");
        Assert.Null(Until("a"));
        Assert.False(allowed.Speaks(), "it was taken in twice");
    }

    [Fact]
    public void Without_it_what_runs_is_cut()
    {
        Apply("log: all");
        using var allowed = new Talk(_a, _b, Allowed);
        _host.Product.Attach(_a, "shop");
        _host.Product.Attach(_b, "shop");
        Assert.False(allowed.Speaks());
        Assert.DoesNotContain(Connections(), c => c.Service == $"tcp/{Allowed}");
        Apply("adopt: 60s");
        Assert.False(allowed.Speaks(), "a later apply has opened a time for a VM that is guarded");
    }

    private void Apply(string guard) => _host.Product.Apply(
        Manifests.Frame.Replace("log: all,", guard + ",", StringComparison.Ordinal) + "---\n" + Manifests.Open($"tcp/{Allowed}"));

    private IReadOnlyList<ConnectionRecord> Connections() =>
        JsonSerializer.Deserialize(_host.Product.Cli("get", "connection", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListConnectionRecord)!;

    private DateTimeOffset? Until(string vm) =>
        JsonSerializer.Deserialize(_host.Product.Cli("get", "nic", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListNicRecord)!.Single(n => n.Vm == vm).AdoptsUntil;

    private sealed class Talk : IDisposable
    {
        private static readonly byte[] s_word = [1];
        private readonly Socket _listener, _client, _server;

        public Talk(Guest from, Guest to, int port)
        {
            _listener = to.Listen(port);
            _client = from.Tcp();
            _client.Connect(new IPEndPoint(to.Ip4, port));
            _server = _listener.Accept();
            foreach (var socket in new[] { _client, _server }) socket.ReceiveTimeout = 1000;
            Assert.True(Speaks());
        }

        /// <summary>A byte there and one back.</summary>
        public bool Speaks()
        {
            try
            {
                var heard = new byte[1];
                return _client.Send(s_word) == 1 && _server.Receive(heard) == 1 && _server.Send(s_word) == 1 && _client.Receive(heard) == 1;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        public void Dispose()
        {
            _client.Dispose();
            _server.Dispose();
            _listener.Dispose();
        }
    }
}
