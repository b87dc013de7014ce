using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A rule set that cuts the operator's own way in, on trial: nobody can confirm it, and at the stated second the old one is back,
/// whoever of the two has died meanwhile. The operator sits in VM a, what he works on is VM b.</summary>
public sealed class TrialTests : IDisposable
{
    private const int Port = 7300;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(300);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b;
    private readonly Socket _listener, _session, _served;

    public TrialTests()
    {
        (_a, _b) = (_host.AddGuest("a"), _host.AddGuest("b"));
        _host.Start();
        _host.Product.Apply(Manifests.Frame + "---\n" + Manifests.Open($"tcp/{Port}"));
        _host.Product.Attach(_a, "shop");
        _host.Product.Attach(_b, "shop");
        _host.Product.WaitReady();
        _listener = _b.Listen(Port);
        _session = _a.Tcp();
        _session.Connect(new IPEndPoint(_b.Ip4, Port));
        _served = _listener.Accept();
        Assert.True(Answers(), "the operator's session does not work to begin with");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void The_old_rules_are_back_at_the_stated_second(bool controllerDies, bool agentDies)
    {
        var product = _host.Product;
        var end = Try("8s");
        Assert.False(Reaches(), "the new rules let the operator in");
        if (controllerDies) Product.Kill9(product.Controller);
        if (agentDies)
        {
            Product.Kill9(product.Agent);
            product.StartAgent();
        }
        var back = FirstSuccess(end.AddSeconds(10));
        Console.WriteLine($"controller dies {controllerDies}, agent dies {agentDies}: to end at {end:HH:mm:ss}, back at {back:HH:mm:ss.fff}");
        Assert.InRange(back, end, end.AddSeconds(2));
        Product.Until("the old session to go on", TimeSpan.FromSeconds(15), Answers);
        if (controllerDies) product.StartController();
        Product.Until("the record of it", TimeSpan.FromSeconds(20), () => Log()[^1] is { Tenant: "shop", By: "clock", Note: { } note } && note.StartsWith("rolled back: not confirmed", StringComparison.Ordinal));
        product.WaitReady();
        Assert.True(Reaches(), "the record of it took the operator's way again");
    }

    [Fact]
    public void Confirmed_it_stays_beyond_that_second()
    {
        var end = Try("4s");
        _host.Product.Cli("confirm", "--wait").Ok();
        Thread.Sleep(end.AddSeconds(2) - DateTimeOffset.UtcNow);
        Assert.False(Reaches());
        Assert.Equal(3, _host.Product.Cli("confirm").Code);
        _host.Product.Cli("rollback", "shop@1", "--wait").Ok();
        Assert.True(Reaches());
    }

    /// <summary>For an agent that was dead at the deadline.</summary>
    [Fact]
    public void An_agent_that_starts_too_late_does_not_take_the_trial_up_again()
    {
        var end = Try("4s");
        Product.Kill9(_host.Product.Controller);
        Product.Kill9(_host.Product.Agent);
        Thread.Sleep(end.AddSeconds(1) - DateTimeOffset.UtcNow);
        Assert.False(Reaches());
        _host.Product.StartAgent();
        Product.Until("the old rules", TimeSpan.FromSeconds(10), Reaches);
    }

    public void Dispose()
    {
        foreach (var socket in new[] { _session, _served, _listener }) socket.Dispose();
        _host.Dispose();
    }

    private DateTimeOffset Try(string within)
    {
        var file = _host.Product.WriteManifest(Manifests.Open("udp/1"));
        var said = _host.Product.Cli("apply", "-f", file, "--confirm-within", within, "--wait", "-o", "json").Ok();
        return JsonSerializer.Deserialize(said, ApiJson.Default.ApplyResult)!.ConfirmBy!.Value;
    }

    private IReadOnlyList<RevisionRecord> Log() =>
        JsonSerializer.Deserialize(_host.Product.Cli("get", "revision", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListRevisionRecord)!;

    private DateTimeOffset FirstSuccess(DateTimeOffset until)
    {
        while (!Reaches()) Assert.True(DateTimeOffset.UtcNow < until, "the old rules did not come back");
        return DateTimeOffset.UtcNow;
    }

    private bool Reaches()
    {
        using var socket = _a.Tcp();
        try
        {
            return socket.ConnectAsync(new IPEndPoint(_b.Ip4, Port)).Wait(s_patience);
        }
        catch (AggregateException)
        {
            return false;
        }
    }

    private bool Answers()
    {
        _session.Send("?"u8);
        _served.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
        try
        {
            return _served.Receive(new byte[100]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
