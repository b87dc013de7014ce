using System.Text.Json.Nodes;
using Merlon.Hosts.Tests.Gate;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Migration;

/// <summary>A VM's policy lies signed in its metadata, and rules on a host that has never heard of the VM and has neither controller nor agent.
/// The VMs flood a port that their policy allows, and broadcasts that it denies come to them: allowed out and nothing in is that policy; nothing
/// out is default deny.</summary>
public sealed class PolicyInsideTests : IDisposable
{
    private const string Allow = """
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: out, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: out, from: [vm/web, vm/alien], to: [any], services: [udp/7300], action: allow}

        """;

    private readonly GateHost _home = new(), _away = new();

    [Fact]
    public void It_rules_where_its_signer_is_trusted_and_nothing_passes_where_not()
    {
        var (web, alien) = (_home.Define("web"), _home.Define("alien"));
        _home.Product.StartController();
        _home.Product.StartAgent();
        _home.Product.WaitReady();
        _home.Product.Apply(StartGateTests.Guards + Allow);
        foreach (var vm in new[] { web, alien }) Product.Until($"{vm.Name} has it", TimeSpan.FromSeconds(10), () => _home.XmlOf(vm).Contains("urn:merlon:policy:1", StringComparison.Ordinal));
        Product.Until("describe shows it", TimeSpan.FromSeconds(10), () => Digests() is ({ Length: 64 } wanted, var inside) && wanted == inside);

        _away.InstallHook();
        Moved(alien);
        _away.Trust(_home);
        Moved(web);
        GateHost.Flooded(TimeSpan.FromSeconds(90), web, alien);
        Assert.True(_away.GotOut(web) > 0, "its own rule lets web send");
        Assert.Equal((0, 0, 0), (web.Said()!.Value.Got, _away.GotOut(alien), alien.Said()!.Value.Got));

        // The next agent there has no controller either, keeps both as they are, and tells.
        _away.Product.StartAgent();
        Product.Until("it is told", TimeSpan.FromSeconds(20), () => _away.Product.Cli("status").Out is var said
            && said.Contains("the policy inside alien does not count, nothing passes: signer: ", StringComparison.Ordinal));
        var before = _away.GotOut(web);
        Product.Until("web still sends", TimeSpan.FromSeconds(10), () => _away.GotOut(web) > before);
        Assert.Equal((0, 0), (web.Said()!.Value.Got, _away.GotOut(alien)));

        // Its signer loses its trust: with the next start nothing passes at web's interface, and it is told.
        _away.Distrust();
        _away.End(web);
        _away.Start(web);
        GateHost.Flooded(TimeSpan.FromSeconds(90), web);
        Assert.Equal((0, 0), (_away.GotOut(web), web.Said()!.Value.Got));
        Product.Until("that is told too", TimeSpan.FromSeconds(20), () => _away.Product.Cli("status").Out.Contains("the policy inside web does not count, nothing passes: signer: ", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _home.Dispose();
        _away.Dispose();
    }

    private void Moved(FloodGuest vm)
    {
        _away.DefineAs(_home.XmlOf(vm));
        _away.Start(vm);
    }

    private (string? Wanted, string? Inside) Digests()
    {
        var nic = JsonNode.Parse(_home.Product.Cli("describe", "vm", "web", "-o", "json").Ok())!["nics"]![0]!;
        return ((string?)nic["desiredDigest"], (string?)nic["embeddedDigest"]);
    }
}
