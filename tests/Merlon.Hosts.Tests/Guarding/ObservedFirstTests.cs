using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>VMs that run and talk are guarded in observe mode first: nothing is cut, though every rule forbids it and one VM's addresses are nobody's;
/// what would have been is counted and planned. The control is the same Guard with enforce, which cuts it all.</summary>
public sealed class ObservedFirstTests : IDisposable
{
    private const int Port = 7470;
    private const string Forbidden = """
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: forbid, tenant: shop}
        spec: {rules: [{name: all, from: [any], to: [any], services: [any], action: deny}]}

        """;

    private readonly TestHost _host = new();
    private readonly Guest _a, _b;
    private readonly NumberedStream[] _live;
    private readonly Pacer _pacer;
    private int[] _since = [];

    public ObservedFirstTests()
    {
        (_a, _b) = (_host.AddGuest("a"), _host.AddGuest("b"));
        _host.Start();
        _live = [.. NumberedStream.OfEveryKind(_a, _b, Port)];
        _pacer = new(() => 0, TimeSpan.FromMilliseconds(5), _live);
        Flow();
    }

    [Fact]
    public void A_running_VM_that_is_observed_first_loses_nothing_and_is_counted()
    {
        _host.Product.Apply(Observing + Forbidden);
        _host.Product.Attach(_b, "shop");
        _host.Product.Cli("attach", _a.Ifname, "--vm", _a.Name, "--tenant", "shop", "--mac", _a.Mac, "--network", "br0").Ok();
        _host.Product.WaitReady();
        // Until its rules are there each port is closed: some 50 ms of what it sends while it is attached are lost.
        _since = [.. _live.Select(s => s.Sent)];
        Flow();
        NothingIsLost();
        // The agent tells its counters every few seconds.
        Product.Until("would-deny counted for the rule", TimeSpan.FromSeconds(20), () => Would() > 0);
        var enforcing = _host.Product.WriteManifest(Manifests.Frame);
        var plan = _host.Product.Cli("plan", "-f", enforcing);
        Assert.Equal(2, plan.Code);
        Assert.Contains("WOULD HAVE DECIDED OTHERWISE", plan.Out, StringComparison.Ordinal);
        Assert.Contains("shop/forbid/all@1", plan.Out[plan.Out.IndexOf("OBSERVED SO FAR", StringComparison.Ordinal)..], StringComparison.Ordinal);
        NothingIsLost();
        _host.Product.Cli("apply", "-f", enforcing, "--wait").Ok();
        var had = _live.Select(s => s.Received).ToArray();
        Thread.Sleep(700);
        Assert.Equal(had, _live.Select(s => s.Received));
    }

    public void Dispose()
    {
        _pacer.Dispose();
        foreach (var stream in _live) stream.Dispose();
        _host.Dispose();
    }

    private static string Observing => Manifests.Frame.Replace("{action: guard, ", "{action: guard, mode: observe, ", StringComparison.Ordinal);

    private long Would() => JsonSerializer.Deserialize(_host.Product.Cli("get", "rule", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListRuleRecord)!.Single(r => r.Rule == "shop/forbid/all@1").Would;

    private void Flow()
    {
        var had = _live.Select(s => s.Received).ToArray();
        Product.Until("numbers on every connection", TimeSpan.FromSeconds(10), () => _live.Zip(had).All(s => s.First.Received > s.Second + 20));
    }

    private void NothingIsLost()
    {
        foreach (var (stream, since) in _live.Zip(_since))
        {
            var sent = stream.Sent;
            Product.Until($"{stream.Name}: {sent} numbers", TimeSpan.FromSeconds(10), () => stream.LastReceived().Number >= sent);
            Assert.Equal((stream.Name, ""), (stream.Name, string.Join(' ', stream.Missing(since, sent))));
        }
    }
}
