using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>An operator sits in VM a with a session open; what he works on is VM b.</summary>
internal sealed class OperatorPlace : IDisposable
{
    private const int Port = 7300;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(300);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b;
    private readonly Socket _listener, _session, _served;

    public OperatorPlace()
    {
        (_a, _b) = (_host.AddGuest("a"), _host.AddGuest("b"));
        _host.Start();
        Product.Apply(Manifests.Frame + "---\n" + Manifests.Open($"tcp/{Port}"));
        Product.Attach(_a, "shop");
        Product.Attach(_b, "shop");
        Product.WaitReady();
        _listener = _b.Listen(Port);
        _session = _a.Tcp();
        _session.Connect(new IPEndPoint(_b.Ip4, Port));
        _served = _listener.Accept();
        Assert.True(Answers(), "the operator's session does not work to begin with");
    }

    public Product Product => _host.Product;

    /// <summary>The operator's rules, there only at a time of the week, whole minutes of UTC.</summary>
    public static string OpenAt(DateTimeOffset from, TimeSpan length)
    {
        var time = FormattableString.Invariant($"{from.DayOfWeek.ToString()[..3].ToLowerInvariant()} {from:HH:mm}-{from + length:HH:mm}");
        return Manifests.Open($"tcp/{Port}").Replace("action: allow", $"action: allow, schedule: {{zone: UTC, times: [{time}]}}", StringComparison.Ordinal);
    }

    /// <summary>Applies rules without the operator's, on trial for a time; gives its end.</summary>
    public DateTimeOffset Try(string within)
    {
        var file = Product.WriteManifest(Manifests.Open("udp/1"));
        var said = Product.Cli("apply", "-f", file, "--confirm-within", within, "--wait", "-o", "json").Ok();
        return JsonSerializer.Deserialize(said, ApiJson.Default.ApplyResult)!.ConfirmBy!.Value;
    }

    public DateTimeOffset FirstSuccess(DateTimeOffset until)
    {
        while (!Reaches()) Assert.True(DateTimeOffset.UtcNow < until, "the old rules did not come back");
        return DateTimeOffset.UtcNow;
    }

    /// <summary>A new connection is let in.</summary>
    public bool Reaches() => _a.Reaches(_b.Ip4, Port, s_patience);

    /// <summary>What the open session says arrives.</summary>
    public bool Answers()
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

    public void Dispose()
    {
        foreach (var socket in new[] { _session, _served, _listener }) socket.Dispose();
        _host.Dispose();
    }
}
