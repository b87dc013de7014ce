using System.Diagnostics;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Attachments;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Scale;

/// <summary>A VM that goes over a budget is named, with its top talker, wherever an operator looks; its neighbours are not.</summary>
[Collection(Alone.Name)]
public sealed class OverBudgetTests : IDisposable
{
    private const string Target = "10.9.200.1";
    private const int Fine = 7650;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);
    private readonly TestHost _host = new();
    private readonly Guest _a, _b, _flooder;
    private readonly KernelControl _kernel;
    private readonly AlarmWatch _alarms;

    public OverBudgetTests()
    {
        (_a, _b, _flooder) = (_host.AddGuest("a"), _host.AddGuest("b"), _host.AddGuest("flooder"));
        _host.Start();
        _host.Product.Apply(Manifests.Frame + "---\n" + Manifests.OpenAll);
        foreach (var guest in new[] { _a, _b, _flooder }) _host.Product.Attach(guest, "shop");
        (_kernel, _alarms) = (new(_host.Product.Paths.Bpf), new(_host.Product));
    }

    [Fact]
    public void The_flooder_is_named_with_its_top_talker_within_two_seconds_and_nobody_else()
    {
        // The control: what stays within its budgets is no news.
        UdpSender.Burst(_a, _b, Fine, 100);
        Thread.Sleep(2500);
        Assert.DoesNotContain(_alarms.AtAgent(), IsOver);
        Assert.Empty(Told());
        Assert.All(Top().Values, v => Assert.Null(v.Over));

        var before = Refused();
        (double Agent, double Controller) seen;
        Dictionary<string, TopVm> top;
        double seconds;
        using (new PacketFlood(_flooder, _b, "syn"))
        {
            var flood = Stopwatch.StartNew();
            Product.Until("the flood is refused", TimeSpan.FromSeconds(20), () => Refused() > before);
            seen = _alarms.Await(IsOver, TimeSpan.FromSeconds(10));
            top = Top();
            Assert.All(_alarms.AtAgent().Where(IsOver), a => Assert.Matches($@"^flooder is over a budget \(half-open-budget\); top talker: {_flooder.Ip4} > {Target} tcp/\d+$", a.Message));
            seconds = flood.Elapsed.TotalSeconds;
        }
        Product.Until("every refusal is told", TimeSpan.FromSeconds(10), () => Sum() == Refused() - before);
        var told = Told();
        Console.WriteLine($"refused {Refused() - before}, told {Sum()} in {told.Count} records over {seconds:f1} s; named after {seen.Agent:f2} s at the agent, {seen.Controller:f2} s in merlon status; top: flooder {top["flooder"].Denied:n0}/s denied, over {string.Join(", ", top["flooder"].Over ?? [])}, b {top["b"].Denied:n0}/s");
        Assert.InRange(seen.Agent, 0, s_limit.TotalSeconds);
        Assert.True(seen.Controller >= 0);
        Assert.Equal(["half-open-budget"], top["flooder"].Over);
        Assert.All([top["a"], top["b"]], v => Assert.Null(v.Over));
        Assert.True(top["flooder"].Denied > 1000 && top["b"].Denied < 10, $"flooder {top["flooder"].Denied}, b {top["b"].Denied}");
        Assert.All(told, f => Assert.Equal(("flooder", Target, "deny", "half-open-budget"), (f.Source.Vm, f.Destination.Address, f.Verdict, f.Reason)));
        Assert.InRange(told.Count, 1, seconds + 4);
        Assert.Contains("alarm over-budget: flooder is over a budget (half-open-budget)", File.ReadAllText(_host.Product.AgentLog), StringComparison.Ordinal);
        Product.Until("the alarm ends", TimeSpan.FromSeconds(20), () => !_alarms.AtAgent().Any(IsOver));

        ulong Sum() => (ulong)Told().Sum(f => f.PacketsOut);
    }

    public void Dispose()
    {
        _alarms.Dispose();
        _kernel.Dispose();
        _host.Dispose();
    }

    private static bool IsOver(Alarm alarm) => alarm.Code == "over-budget";

    private ulong Refused() => _kernel.Drops(Reason.HalfOpenBudget);

    private List<FlowRecord> Told() =>
        [.. JsonSerializer.Deserialize(_host.Product.Cli("flows", "-o", "json", "--limit", "10000").Ok(), ApiJson.Default.IReadOnlyListFlowRecord)!.Where(f => f.Event == "budget")];

    private Dictionary<string, TopVm> Top() =>
        JsonSerializer.Deserialize(_host.Product.Cli("top", "-i", "2s", "-n", "1", "-o", "json").Ok(), ApiJson.Default.TopRecord)!.Vms.ToDictionary(v => v.Vm);
}
