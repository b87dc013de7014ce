using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>Two guarded guests under a real agent and controller, shared by the classes that break things around them and put
/// them right again.</summary>
public sealed class GuardedPair : IDisposable
{
    /// <summary>The policy lets UDP to this port pass from a to b, and nothing else.</summary>
    public const int Open = 7200;

    /// <summary>What <see cref="Standing"/> says of the guests when all is well.</summary>
    public const string OnlyOpen = "5 open, 0 shut";
    private const int Shut = 7201, Datagrams = 5;
    private readonly Guest _a, _b;
    private readonly KernelControl _kernel;

    public GuardedPair()
    {
        Host = new TestHost();
        _a = Host.AddGuest("a");
        _b = Host.AddGuest("b");
        Host.Start();
        Product.Apply(Manifests.Frame);
        Product.Attach(_a, "shop");
        Product.Attach(_b, "shop");
        Product.Apply(Manifests.Open($"udp/{Open}"));
        _kernel = new KernelControl(Product.Paths.Bpf);
    }

    public TestHost Host { get; }

    public Product Product => Host.Product;

    /// <summary>The host's side of guest a.</summary>
    public string Ifname => _a.Ifname;

    /// <summary>Everything that a refused change must leave alone: what is stored, what is in the kernel, what guests can do.</summary>
    public Standing Standing()
    {
        using var api = new ApiDoor(Product.Paths);
        return new(api.Text("/v1/revisions"), api.Text("/v1/documents"), api.Status().Sequence, _kernel.Generation, Delivered());
    }

    /// <summary>The same without the controller.</summary>
    public (uint Generation, string Delivered) InKernel() => (_kernel.Generation, Delivered());

    public void AssertOpenPassesAndShutDoesNot() => Assert.Equal(OnlyOpen, Delivered());

    /// <summary>The command line of an agent of some instance on this host, without libvirt and controller.</summary>
    public string[] AgentCommand(string instance, params string[] more) => ["nsenter", $"--net={Host.Host.Path}", Repository.Bin("merlon-agent"), "run",
        "--instance", instance, "--libvirt", "none", "--controller", "none", "--object", Repository.Object, .. more];

    /// <summary>Starts what a test has killed, also when it failed.</summary>
    public void Recover()
    {
        var dead = (Product.Controller!.HasExited, Product.Agent!.HasExited);
        if (dead.Item1) Product.StartController();
        if (dead.Item2) Product.StartAgent();
        // Not until it is ready: alarms linger 10 s.
        if (dead != (false, false)) Product.Until("agent and controller are one again", TimeSpan.FromSeconds(20), IsOne);
    }

    public void Dispose()
    {
        _kernel.Dispose();
        Host.Dispose();
    }

    private bool IsOne()
    {
        using var api = new ApiDoor(Product.Paths);
        return Product.Cli("get", "nic").Code == 0 && api.Status() is var status && status.Hosts.Any(h => h.Connected && h.Has(status.Sequence));
    }

    private string Delivered()
    {
        using var open = new UdpCounter(_b, Open);
        using var shut = new UdpCounter(_b, Shut);
        using var toOpen = new UdpSender(_a, _b.Ip4, Open);
        using var toShut = new UdpSender(_a, _b.Ip4, Shut);
        for (var n = 0; n < Datagrams; n++)
        {
            toShut.Send(n);
            toOpen.Send(n);
        }
        // What was sent to the shut port before the last open datagram would have come before it.
        for (var i = 0; i < 40 && open.Seen().Count < Datagrams; i++) Thread.Sleep(50);
        return $"{open.Seen().Count} open, {shut.Seen().Count} shut";
    }
}
