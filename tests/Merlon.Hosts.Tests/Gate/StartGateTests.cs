using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>VMs that flood from their first moment, under a real libvirtd that calls the hook: none of their frames gets out and none waits
/// for them, whatever becomes of the agent. Where no gate stood, both are counted: the same count can fail.</summary>
[Collection(Alone.Name)]
public sealed class StartGateTests : IDisposable
{
    internal const string Guards = """
        apiVersion: merlon/v1
        kind: Tenant
        metadata: {name: shop}
        spec: {default: {out: deny, in: deny}}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], log: denies, trustMetadata: true}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: soft}
        spec: {priority: 1, action: guard, select: [vm/open], log: denies, onFailure: open}

        """;

    private static readonly TimeSpan Boot = TimeSpan.FromSeconds(60);
    private readonly GateHost _host = new();

    [Fact]
    public void No_frame_passes_a_gate_whatever_becomes_of_the_agent()
    {
        _host.InstallHook();
        FloodGuest[] all = [.. new[] { "running", "stopped", "dead", "closed", "open", "no-hook" }.Select(_host.Define)];
        var (running, stopped, dead, closed, open, noHook) = (all[0], all[1], all[2], all[3], all[4], all[5]);
        _host.Product.StartController();
        _host.Product.StartAgent();
        _host.Product.WaitReady();
        _host.Product.Apply(Guards);
        Product.Until("libvirt calls the gate", TimeSpan.FromSeconds(10), () => GateIsLive());

        _host.Start(running);
        Assert.Contains("start gate, guarded: ", File.ReadAllText(_host.Product.AgentLog), StringComparison.Ordinal);
        var sudden = _host.Create("sudden");
        _host.StopAgent();
        _host.Start(stopped);
        _host.ContinueAgent();
        Product.Kill9(_host.Product.Agent);
        _host.Start(dead);
        WithoutPolicy(() =>
        {
            var refused = _host.Virsh("start", closed.Name);
            Assert.NotEqual(0, refused.Code);
            Assert.Contains("merlon: closed may not start, because it cannot be guarded: there is no policy on disk", refused.Error, StringComparison.Ordinal);
            _host.Start(open);
        });
        _host.RemoveHook();
        _host.Start(noHook);

        GateHost.Flooded(Boot, running, sudden, stopped, dead, open, noHook);
        foreach (var guarded in new[] { running, sudden, stopped, dead }) Assert.Equal((guarded.Name, 0, 0), (guarded.Name, _host.GotOut(guarded), guarded.Said()!.Value.Got));
        foreach (var unguarded in new[] { open, noHook })
        {
            Assert.True(_host.GotOut(unguarded) > 0, $"the control: {unguarded.Name} got nothing out");
            Assert.True(unguarded.Said()!.Value.Got > 0, $"the control: nothing waited for {unguarded.Name}");
        }
        TheNextAgentTells(running, noHook);
    }

    public void Dispose() => _host.Dispose();

    private void TheNextAgentTells(FloodGuest gated, FloodGuest notGated)
    {
        _host.Product.StartAgent();
        Product.Until("it is told", TimeSpan.FromSeconds(15), () => Alarms().Any(a => a.Contains($"of {notGated.Name} was there before it was guarded", StringComparison.Ordinal)));
        Assert.DoesNotContain(Alarms(), a => a.Contains($"of {gated.Name} was there", StringComparison.Ordinal));
        Assert.False(GateIsLive());
        Assert.Contains("UNGUARDED STARTS POSSIBLE", _host.Product.Cli("status").Out, StringComparison.Ordinal);
        var doctor = _host.Product.Cli("doctor").Out;
        Assert.Contains("merlon-agent install-hook", doctor, StringComparison.Ordinal);
        _host.InstallHook();
        Product.Kill9(_host.Product.Agent);
        _host.Product.StartAgent();
        Product.Until("libvirt calls the gate again", TimeSpan.FromSeconds(10), () => GateIsLive());
    }

    private void WithoutPolicy(Action work)
    {
        var file = Directory.GetFiles(_host.Product.Paths.Var, "policy-*.bin").Single();
        var aside = Path.GetTempFileName();
        File.Move(file, aside, overwrite: true);
        work();
        File.Move(aside, file);
    }

    private bool GateIsLive() => (bool?)_host.Status()["startGate"]?["live"] == true;

    private List<string> Alarms() => [.. _host.Status()["alarms"]!.AsArray().Where(a => (string)a!["code"]! == "no-gate").Select(a => (string)a!["message"]!)];
}
