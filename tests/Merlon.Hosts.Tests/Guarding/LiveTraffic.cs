using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>Two guarded guests with everything going on between them that must not notice the death of agent or controller:
/// a transfer, 100 new connections a second, numbered streams of every protocol, many idle connections, and traffic that
/// is refused. The guests count all of it themselves.</summary>
public sealed class LiveTraffic : IDisposable
{
    private const int Transfer = 7100, Short = 7101, Refused = 7102, Streams = 7103, Idle = 7104, Others = 7105;
    private readonly TcpTransfer _transfer;
    private readonly ConnectLoad _load;
    private readonly NumberedStream[] _allowed, _refused;
    private readonly Pacer _pacer;
    private readonly ManyConnections _idle;

    public LiveTraffic()
    {
        (A, B) = (Host.AddGuest("a"), Host.AddGuest("b"));
        Host.Start();
        Host.Product.Apply(Manifests.Frame);
        Host.Product.Attach(A, "shop");
        Host.Product.Attach(B, "shop");
        Host.Product.Apply(Policy());
        Kernel = new(Host.Product.Paths.Bpf);
        _transfer = new(A, B, B.Ip4, Transfer, TimeSpan.FromMilliseconds(1));
        _load = new(A, B, B.Ip4, Short, 100);
        _idle = new(A, B, Idle, 100);
        _allowed = [.. NumberedStream.OfEveryKind(A, B, Streams)];
        _refused = [new NumberedUdp(A, B, B.Ip4, Refused), new NumberedUdp(A, B, B.Ip6, Refused)];
        _pacer = new(() => Kernel.Generation, TimeSpan.FromMilliseconds(10), [.. _allowed, .. _refused]);
        Touch();
    }

    public TestHost Host { get; } = new();
    public Guest A { get; }
    public Guest B { get; }
    public KernelControl Kernel { get; }

    /// <summary>Ports whose connections live as long as this does; an echo's identifier is its port.</summary>
    public static IReadOnlyList<int> LongLived { get; } = [Transfer, Streams, Idle];

    /// <summary>The policy in force, with another port opened too: each number gives another revision for the same traffic.</summary>
    public static string Policy(int revision = 0) => Manifests.Open($"tcp/{Transfer}", $"tcp/{Short}", $"tcp/{Streams}", $"udp/{Streams}",
        $"udp/{Idle}", $"udp/{Others}", "icmp/8", "icmp6/128", $"udp/{9000 + revision}");

    /// <summary>A datagram on each idle connection, so that none of them runs out.</summary>
    public void Touch()
    {
        var lost = _idle.Round();
        if (lost != 0) Assert.Fail($"{lost} of {_idle.Count} idle connections got nothing through. {Told()}");
    }

    // Who may have lost it: Merlon, a full backlog of the host, or a guest's stack.
    private string Told() => $"Merlon: {string.Join(", ", Kernel.Drops())}; "
        + $"{Kernel.List().Count(e => e.DestinationPort == Idle)} entries; backlogs: {A.Run("cat", "/proc/net/softnet_stat").Out}; a: {A.Run("cat", "/proc/net/snmp").Out} b: {B.Run("cat", "/proc/net/snmp").Out}";

    /// <summary>An allowed datagram that nobody answers.</summary>
    public UdpSender Unanswered() => new(A, B.Ip4, Others);

    /// <summary>Ends all of it in order; nothing may be lost and nothing refused may have arrived.</summary>
    public IEnumerable<(string Key, long Count)> Finish()
    {
        _pacer.Dispose();
        var (done, failed) = _load.Counts;
        var (sent, received, wrong) = _transfer.Finish();
        Thread.Sleep(300);
        foreach (var stream in _allowed) Assert.Equal((stream.Name, stream.Sent), (stream.Name, stream.Received));
        foreach (var stream in _refused) Assert.Equal((stream.Name, 0), (stream.Name, stream.Received));
        Assert.True(_refused.All(s => s.Sent > 50), "the refused streams hardly sent");
        Assert.Equal((sent, 0), (received, wrong));
        Assert.Equal(0, failed);
        return
        [
            ("bytes", sent), ("bytesLostOrWrong", sent - received + wrong), ("connections", done), ("connectionsFailed", failed),
            ("numbers", _allowed.Sum(s => (long)s.Sent)), ("numbersLost", _allowed.Sum(s => (long)s.Sent - s.Received)),
            ("refused", _refused.Sum(s => (long)s.Sent)), ("refusedDelivered", _refused.Sum(s => (long)s.Received)),
        ];
    }

    public void Dispose()
    {
        _pacer.Dispose();
        foreach (var stream in _allowed.Concat(_refused)) stream.Dispose();
        _idle.Dispose();
        _load.Dispose();
        _transfer.Dispose();
        Kernel.Dispose();
        Host.Dispose();
    }
}
