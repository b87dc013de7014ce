using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Flows;

/// <summary>Guests a and b of shop, c of rival, each with a tap of its own, and what `merlon flows` tells of them.</summary>
public sealed class FlowPlace : IDisposable
{
    public const int Udp = 7001, Finished = 7002, Reset = 7003, Cut = 7004, Refused = 7005, Unruled = 7006, Knocked = 7007;

    private const int Stop = 19, Continue = 18;
    private static readonly HashSet<int> s_services = [Udp, Finished, Reset, Cut, Refused, Unruled, Knocked];
    private readonly List<GuestTap> _taps = [];

    public FlowPlace()
    {
        Host = new TestHost();
        (A, B, C) = (Host.AddGuest("a"), Host.AddGuest("b"), Host.AddGuest("c"));
        // What a guest's kernel sends by itself, refused, is no part of what a test counts.
        foreach (var guest in new[] { A, B, C })
            Shell.Run("nsenter", $"--net={guest.Namespace.Path}", "sysctl", "-qw", "net.ipv6.conf.eth0.router_solicitations=0").Ok();
        Host.Start();
        Host.Product.Apply(Manifests.FrameWith(rivalOut: "allow"));
        Host.Product.Attach(A, "shop");
        Host.Product.Attach(B, "shop");
        Host.Product.Attach(C, "rival");
        Revision = Apply(Policy(cutAllowed: true));
        Guest[] guests = [A, B, C];
        var vms = guests.SelectMany(g => new[] { (g.Ip4, g.Name), (g.Ip6, g.Name) }).ToDictionary(p => p.Item1, p => p.Name);
        foreach (var guest in guests) _taps.Add(new GuestTap(guest, vms, s_services));
    }

    public TestHost Host { get; }
    public Guest A { get; }
    public Guest B { get; }
    public Guest C { get; }

    /// <summary>Of shop, before the cut.</summary>
    public long Revision { get; }

    /// <summary>Takes the rule away under which <see cref="Cut"/> is open; gives shop's new revision.</summary>
    public long CutNow() => Apply(Policy(cutAllowed: false));

    /// <summary>What the guests themselves counted.</summary>
    public (Tally Sent, Tally Received) Counted()
    {
        Require(_taps.Sum(t => t.Missed()) == 0, "a tap missed packets");
        return _taps.Select(t => t.Counts()).Aggregate((a, b) => (a.Sent.Plus(b.Sent), a.Received.Plus(b.Received)));
    }

    /// <summary>Told of the guests' own addresses; what their kernels send elsewhere by themselves (router solicitations) is not counted.</summary>
    public IReadOnlyList<FlowRecord> Flows()
    {
        var ours = new[] { A, B, C }.SelectMany(g => new[] { g.Ip4, g.Ip6 }).ToHashSet();
        var all = JsonSerializer.Deserialize(Host.Product.Cli("flows", "-o", "json", "--limit", "10000").Ok(), ApiJson.Default.IReadOnlyListFlowRecord)!;
        return [.. all.Where(f => ours.Contains(IPAddress.Parse(f.Source.Address)) && ours.Contains(IPAddress.Parse(f.Destination.Address)))];
    }

    /// <summary>Where guests and flows disagree: sent = passed + denied, received = passed.</summary>
    public IReadOnlyList<string> Differences()
    {
        var totals = new FlowTotals(Flows(), s_services);
        var (sent, received) = Counted();
        return [.. sent.DifferencesFrom(totals.Passed.Plus(totals.Denied)).Select(d => "sent " + d), .. received.DifferencesFrom(totals.Passed).Select(d => "received " + d)];
    }

    public HostStatus Status()
    {
        var status = JsonSerializer.Deserialize(Host.Product.Cli("status", "-o", "json").Ok(), ApiJson.Default.StatusRecord)!;
        return status.Hosts.Single().Status!;
    }

    /// <summary>Runs something while the agent stands still.</summary>
    public void WithAgentStopped(Action run)
    {
        var agent = Host.Product.Agent!.Id;
        Require(kill(agent, Stop) == 0, "SIGSTOP");
        try
        {
            run();
        }
        finally
        {
            Require(kill(agent, Continue) == 0, "SIGCONT");
        }
    }

    public static IEnumerable<IPAddress> Both(Guest guest) => [guest.Ip4, guest.Ip6];

    public void Dispose()
    {
        foreach (var tap in _taps) tap.Dispose();
        Host.Dispose();
    }

    private static string Policy(bool cutAllowed) => $$"""
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: udp, from: [vm/a], to: [vm/b], services: [udp/{{Udp}}], action: allow}
          - {name: fin, from: [vm/a], to: [vm/b], services: [tcp/{{Finished}}], action: allow}
          - {name: rst, from: [vm/a], to: [vm/b], services: [tcp/{{Reset}}], action: allow}
          - {name: ping, from: [vm/a], to: [vm/b], services: [service/ping], action: allow}
          - {name: no-udp, from: [any], to: [vm/b], services: [udp/{{Refused}}], appliesTo: [vm/b], action: deny}
        {{(cutAllowed ? $"  - {{name: cut, from: [vm/a], to: [vm/b], services: [tcp/{Cut}], action: allow}}" : "")}}
        """;

    private long Apply(string yaml)
    {
        var said = Host.Product.Cli("apply", "-f", Host.Product.WriteManifest(yaml), "--wait", "-o", "json").Ok();
        return JsonSerializer.Deserialize(said, ApiJson.Default.ApplyResult)!.Revisions.Single(r => r.Tenant == "shop").Revision;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException(what);
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
