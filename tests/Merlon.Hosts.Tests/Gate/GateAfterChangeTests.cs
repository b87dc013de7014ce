using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>A member went, by a few words of the image in force; then the agent stops and answers no hook. The image that the hook compiles
/// numbers its classes otherwise, and still it knows that what is in force is this policy.</summary>
public sealed class GateAfterChangeTests : IDisposable
{
    private const string Policy = """
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: not-member}
        spec: {priority: 0, action: exclude, select: [vm/member], trustMetadata: true}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec: {rules: [{name: web-late, from: [group/web], to: [vm/late], services: [udp/1], action: allow}]}

        """;

    private const string Group = """
        ---
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: web, tenant: shop}
        spec: {select: {name: "member*"}}

        """;

    private readonly GateHost _host = new();

    [Fact]
    public void A_hook_beside_a_stopped_agent_guards_under_an_image_that_a_change_left()
    {
        _host.InstallHook();
        var late = _host.Define("late");
        _host.Define("member");
        _host.Product.StartController();
        _host.Product.StartAgent();
        _host.Product.WaitReady();
        // Both are in the first image: one that came by a change would leave no trace when it goes.
        Product.Until("both are known", TimeSpan.FromSeconds(20), () => _host.Product.Cli("get", "vm").Out is var vms && vms.Contains("late", StringComparison.Ordinal) && vms.Contains("member", StringComparison.Ordinal));
        _host.Product.Apply(StartGateTests.Guards + Group + Policy);
        Product.Until("late is guarded", TimeSpan.FromSeconds(20), () => InForce().Sequence > 0 && (bool?)_host.Status()["startGate"]?["live"] == true);
        _host.Product.WaitReady();
        var before = InForce();
        _host.Product.Apply(Group.Replace("member*", "nobody*", StringComparison.Ordinal));
        Product.Until("the member left", TimeSpan.FromSeconds(20), () => InForce() is var now && now.Sequence > before.Sequence && now.Digest != before.Digest);
        var changed = InForce().Digest;

        _host.StopAgent();
        _host.Start(late);
        _host.ContinueAgent();
        GateHost.Flooded(TimeSpan.FromSeconds(60), late);
        Assert.Equal((0, 0), (_host.GotOut(late), late.Said()!.Value.Got));

        // The control: that the hook's image was another one than the kernel's.
        Product.Kill9(_host.Product.Agent);
        _host.Product.StartAgent();
        Product.Until("a new agent compiled it otherwise", TimeSpan.FromSeconds(15), () => InForce().Digest is { Length: > 0 } now && now != changed);
    }

    public void Dispose() => _host.Dispose();

    private (long Sequence, string Digest) InForce()
    {
        var status = _host.Status();
        return ((long)status["sequenceApplied"]!, (string)status["imageDigest"]!);
    }
}
