using System.Globalization;
using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>What <c>merlon lab up --hosts 2</c> makes, with some of its VMs (web-1 starts on host-1, db-1 on host-2) and a <see cref="Neighbour"/> on host-2's bridge.</summary>
public sealed class TwoHosts : IDisposable
{
    public const string Web = "10.8.0.5";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static int _count;
    private Task _flood = Task.CompletedTask;
    private bool _down;

    public TwoHosts(string vms = "web-1")
    {
        Instance = string.Create(CultureInfo.InvariantCulture, $"m{Environment.ProcessId % 100000}{(char)('a' + Interlocked.Increment(ref _count) % 26)}");
        try
        {
            Cli("lab", "up", "--hosts", "2", "--only", vms).Ok();
            Neighbour = new($"merlon-{Instance}-2", Instance);
            Cli("status", "--wait", "--timeout", "20").Ok();
        }
        catch
        {
            Cli("lab", "down"); // nobody disposes what was never made
            throw;
        }
    }

    public string Instance { get; }

    public Neighbour Neighbour { get; }

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

    /// <summary>Puts a policy into force everywhere: web-1 may talk to the neighbour on tcp/80 to 89 and be talked to on tcp/443; db-1 may ping web-1 and talk to it on
    /// tcp/443 and udp/7000; all else is denied.</summary>
    public void Guard(bool carryConnections = false)
    {
        var file = Path.GetTempFileName();
        var carry = carryConnections ? "true" : "false";
        File.WriteAllText(file, $$$$"""
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
            kind: Group
            metadata: {name: db, tenant: shop}
            spec: {select: {labels: {tier: db}}}
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: app, tenant: shop}
            spec:
              rules:
              - {name: out, from: [group/web], to: [cidr/10.8.0.9/32], services: [tcp/80-89], action: allow}
              - {name: in, from: [cidr/10.8.0.9/32], to: [group/web], services: [tcp/443], action: allow}
              - {name: db, from: [group/db], to: [group/web], services: [tcp/443, udp/7000, service/ping], action: allow}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: shop}
            spec: {action: guard, select: [group/shop/web, group/shop/db], trustMetadata: true, log: denies, onFailure: closed, carryConnections: {{{{carry}}}}}
            """);
        Cli("apply", "-f", file, "--wait").Ok();
        File.Delete(file);
    }

    /// <summary>web-1 and the neighbour send each other datagrams that no rule allows, each from a new source port, until the lab ends.</summary>
    public void Flood(int perSecond)
    {
        // Its answer is lost when the VM moves, with the serial port of the host that it leaves: what was sent, its interface says.
        _flood = Task.Run(() => Cli("lab", "probe", "web-1", $"flood {Neighbour.Address} {Neighbour.Forbidden} 3600 rate={perSecond}"));
        Neighbour.Flood(Web, perSecond);
    }

    /// <summary>Packets that web-1 has sent since it started.</summary>
    public long Sent() => long.Parse(Probe("web-1", "sh cat /sys/class/net/eth0/statistics/tx_packets").GetProperty("output").GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Forbidden datagrams that came to web-1.</summary>
    public long Arrived() => Probe("web-1", $"seen {Neighbour.Forbidden}").GetProperty("total").GetInt64();

    /// <summary>What both agents said.</summary>
    public string Logs() => string.Join("\n", new[] { "host-1", "host-2" }.Select(h => File.ReadAllText(Path.Combine(Paths(h).Run, "libvirt", "log", "agent.log"))));

    /// <summary>What of it there is: after its end, nothing.</summary>
    public IEnumerable<string> Left() =>
        from folder in new[] { "/run", "/run/netns", "/var/lib", "/etc", "/sys/fs/bpf" }
        from path in Directory.GetFileSystemEntries(folder, $"merlon-{Instance}*")
        select path;

    public void Dispose()
    {
        if (_down) return;
        _down = true;
        Neighbour.Dispose();
        Cli("lab", "down").Ok();
        _flood.Wait();
    }
}
