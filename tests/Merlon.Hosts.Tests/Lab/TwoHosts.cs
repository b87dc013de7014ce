using System.Globalization;
using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>What <c>merlon lab up --hosts 2</c> makes, with two of its VMs: web-1, which starts on host-1, and plain-1 on host-2, which is nobody's: what
/// passes between them is decided at web-1 alone.</summary>
public sealed class TwoHosts : IDisposable
{
    public const string Web = "10.8.0.5", Plain = "10.8.0.9";
    private const int ForbiddenPort = 7000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static int _count;
    private readonly List<Task> _floods = [];

    public TwoHosts()
    {
        Instance = string.Create(CultureInfo.InvariantCulture, $"m{Environment.ProcessId % 100000}{(char)('a' + Interlocked.Increment(ref _count) % 26)}");
        Cli("lab", "up", "--hosts", "2", "--only", "web-1,plain-1").Ok();
        Cli("status", "--wait", "--timeout", "20").Ok();
    }

    public string Instance { get; }

    public ShellResult Cli(params string[] args) => Shell.Run(Patience, Repository.Bin("merlon"), ["--instance", Instance, .. args]);

    /// <summary>Data of a verb, as JSON.</summary>
    public JsonElement Ask(params string[] args) => JsonDocument.Parse(Cli([.. args, "-o", "json"]).Ok()).RootElement;

    public InstancePaths Paths(string host) => InstancePaths.Parse(host == "host-1" ? Instance : Instance + "-2")!;

    /// <summary>The file of the host's start gate.</summary>
    public string Hook(string host) => Path.Combine(Paths(host).Run, "libvirt", "etc", "hooks", "qemu.d", "50-merlon");

    /// <summary>The host's agent, asked by its socket.</summary>
    public HostStatus Status(string host)
    {
        using var agent = new AgentSocket(Paths(host));
        return agent.Status();
    }

    public JsonElement Probe(string vm, string command) => JsonDocument.Parse(Cli("lab", "probe", vm, command).Ok()).RootElement;

    /// <summary>Puts a policy into force everywhere: web-1 may talk to plain-1 on tcp/80 and be talked to on tcp/443, all else is denied.</summary>
    public void Guard()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """
            apiVersion: merlon/v1
            kind: Tenant
            metadata: {name: shop}
            spec: {default: {out: deny, in: deny}}
            ---
            apiVersion: merlon/v1
            kind: Group
            metadata: {name: web, tenant: shop}
            spec: {select: {labels: {tier: web}}}
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: app, tenant: shop}
            spec:
              rules:
              - {name: out, from: [group/web], to: [cidr/10.8.0.9/32], services: [tcp/80], action: allow}
              - {name: in, from: [cidr/10.8.0.9/32], to: [group/web], services: [tcp/443], action: allow}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: shop}
            spec: {action: guard, select: [group/shop/web], trustMetadata: true, log: denies, onFailure: closed}
            """);
        Cli("apply", "-f", file, "--wait").Ok();
        File.Delete(file);
    }

    /// <summary>Both VMs send each other datagrams that no rule allows, each from a new source port, until the lab ends.</summary>
    public void Flood(int perSecond)
    {
        // The answer of the one that moves is lost with its serial port: what was sent, its interface says.
        foreach (var (vm, to) in new[] { ("web-1", Plain), ("plain-1", Web) })
            _floods.Add(Task.Run(() => Cli("lab", "probe", vm, $"flood {to} {ForbiddenPort} 3600 rate={perSecond}")));
    }

    /// <summary>Packets that a VM has sent since it started.</summary>
    public long Sent(string vm) => long.Parse(Probe(vm, "sh cat /sys/class/net/eth0/statistics/tx_packets").GetProperty("output").GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Forbidden datagrams that arrived at a VM since <see cref="Forget"/>.</summary>
    public long Arrived(string vm) => Probe(vm, $"seen {ForbiddenPort}").GetProperty("total").GetInt64();

    /// <summary>Begins to count anew.</summary>
    public void Forget()
    {
        foreach (var vm in new[] { "web-1", "plain-1" }) Probe(vm, "count reset");
    }

    public void Dispose()
    {
        Cli("lab", "down").Ok();
        Task.WaitAll(_floods);
    }
}
