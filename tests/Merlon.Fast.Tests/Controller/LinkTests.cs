using Google.Protobuf;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Cli;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Controller and agents over the real link: each host gets what concerns it, once, and waiting means what it says.</summary>
public class LinkTests
{
    [Fact]
    public async Task A_host_gets_its_policy_after_its_VMs_are_known_and_again_only_when_it_says_something_else()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80) + Sample.Open("rival", 80));
        await using var a = await controller.Dial(Sample.HostA, "host-a");
        Assert.Equal(0UL, (await controller.Host(Sample.HostA)).SequenceWanted);
        await a.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        var first = await a.NextPolicy();
        Assert.Equal(Sample.Vm(1, "shop").Uuid, first.Endpoints[(int)Assert.Single(first.Nics).Endpoint].VmUuid);
        await using var b = await controller.Dial(Sample.HostB, "host-b");
        await b.Has(Sample.Vm(2, "rival", "10.8.0.6"));
        var other = await b.NextPolicy();
        Assert.Equal(Sample.Vm(2, "rival").Uuid, other.Endpoints[(int)Assert.Single(other.Nics).Endpoint].VmUuid);
        // An apply for shop is host A's, comments are nobody's.
        var result = await controller.Apply(Sample.Open("shop", 81));
        Assert.Equal(result.Sequence, (await a.NextPolicy()).Sequence);
        await controller.Apply(Sample.Open("shop", 81) + "# a comment\n");
        Assert.Equal((result.Sequence, other.Sequence), ((await controller.Host(Sample.HostA)).SequenceWanted, (await controller.Host(Sample.HostB)).SequenceWanted));
        Assert.False(a.PolicyWaits || b.PolicyWaits);
    }

    /// <summary>While it moves both have it, and so does one that keeps the definition of a VM that runs elsewhere and may come.</summary>
    [Theory, InlineData(Sample.HostA, Sample.HostB, true), InlineData(Sample.HostB, Sample.HostA, true), InlineData(Sample.HostA, Sample.HostB, false), InlineData(Sample.HostB, Sample.HostA, false)]
    public async Task Every_host_that_has_a_VM_gets_its_policy(string from, string to, bool comes)
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        await using var source = await controller.Dial(from, "source");
        await source.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        await source.Applied(await source.NextPolicy());
        await using var destination = await controller.Dial(to, "destination");
        var coming = Sample.Vm(1, "shop", "10.8.0.5");
        coming.Running = comes;
        await destination.Has(coming);
        var policy = await destination.NextPolicy();
        Assert.Equal(coming.Uuid, policy.Endpoints[(int)Assert.Single(policy.Nics).Endpoint].VmUuid);
        Assert.False(source.PolicyWaits, "nothing new for the one that it leaves");

        coming.Running = true;
        await source.Has();
        await destination.Has(coming);
        Assert.Empty((await source.NextPolicy()).Nics);
        Assert.False(destination.PolicyWaits, "nor for the other, when it has come");
    }

    [Fact]
    public async Task An_agent_that_dials_again_gets_the_same_policy_to_the_byte_after_a_restart_too()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        HostPolicyMessage first;
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
            first = await agent.NextPolicy();
            await agent.Applied(first);
        }
        for (var i = 0; i < 3; i++)
        {
            if (i > 0) await controller.Restart();
            await using var agent = await controller.Dial(Sample.HostA, "host-a", first.Sequence);
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
            Assert.Equal(first.ToByteArray(), (await agent.NextPolicy()).ToByteArray());
            await controller.Until(s => s.Ready);
        }
    }

    /// <summary>Its state is lost or an older copy: what the agent has in force is never answered with an equal or lower number.</summary>
    [Fact]
    public async Task An_agent_that_is_ahead_gets_a_higher_sequence()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        await using var agent = await controller.Dial(Sample.HostA, "host-a", sequence: 700);
        await agent.Has(Sample.Vm(1, "shop"));
        Assert.Equal(701UL, (await agent.NextPolicy()).Sequence);
    }

    /// <summary>Else a policy applied then would know no VM.</summary>
    [Fact]
    public async Task A_host_that_has_not_told_its_VMs_is_not_ready()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await controller.Until(s => s.Hosts is [{ Connected: true }]);
        Assert.False((await controller.Status()).Ready);
        await agent.Has();
        await agent.Applied(await agent.NextPolicy());
        await controller.Until(s => s.Ready);
    }

    /// <summary>Else a guest, or anybody who reaches one, would hold the installation at that.</summary>
    [Fact]
    public async Task What_a_guest_does_makes_no_host_not_ready()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has();
        await agent.Applied(await agent.NextPolicy());
        await controller.Until(s => s.Ready);
        Task Says(string alarms) => agent.Say(new() { Status = new() { Json = $$"""{"host": "host-a", "alarms": [{{alarms}}], "interfaces": []}""" } });
        const string over = """{"code": "over-budget", "message": "vm-1 is over a budget", "since": "2026-01-01T00:00:00Z", "byGuest": true}""";
        await Says(over);
        await controller.Until(s => s.Hosts is [{ Status.Alarms.Count: 1 }]);
        Assert.True((await controller.Status()).Ready);
        // The control: beside one of the product's own.
        await Says(over + """, {"code": "not-guarding", "message": "tap1 of vm-1", "since": "2026-01-01T00:00:00Z"}""");
        await controller.Until(s => s.Hosts is [{ Status.Alarms.Count: 2 }]);
        Assert.False((await controller.Status()).Ready);
        var waited = await CommandLine.Run(controller.Environment, "status", "--wait", "--timeout", "0");
        Assert.Contains("not ready after 0 s: tap1 of vm-1;", waited.Error, StringComparison.Ordinal);
    }

    /// <summary>The status of an agent comes later than its report.</summary>
    [Fact]
    public async Task The_number_of_guarded_interfaces_is_that_of_the_newest_report()
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has(Sample.Vm(1, "shop"));
        await agent.Say(new() { Status = new() { Json = """{"host": "host-a", "alarms": [], "interfaces": []}""" } });
        await controller.Until(s => s.Hosts is [{ Status.Attached: 0 }]);
        await agent.Say(new() { Applied = new() { Sequence = 1, Applied = true, Nics = { new NicReport { VmUuid = Sample.Vm(1, "shop").Uuid, Attached = true }, new NicReport { VmUuid = Sample.Vm(2, "shop").Uuid } } } });
        await controller.Until(s => s.Hosts is [{ Status.Attached: 1 }]);
    }

    [Fact]
    public async Task Where_the_digest_in_the_kernel_or_inside_the_VM_is_another_there_is_drift()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has(Sample.Vm(1, "shop"), Sample.Vm(2, ""));
        var policy = await agent.NextPolicy();
        async Task<NicRecord> Nic(string kernel, string inside)
        {
            await agent.Say(new() { Applied = new() { Sequence = policy.Sequence, Applied = true, Nics = { new NicReport { VmUuid = Sample.Vm(1, "shop").Uuid, Attached = true, RulesetDigest = kernel, EmbeddedDigest = inside } } } });
            NicRecord nic;
            for (var i = 0; (nic = (await controller.Get("/v1/vms/vm-1", ApiJson.Default.VmRecord)).Nics.Single()) is var n && (n.KernelDigest ?? "", n.EmbeddedDigest ?? "") != (kernel, inside) && i < 100; i++) await Task.Delay(50);
            return nic;
        }
        Assert.Equal(["kernel", "inside"], (await Nic("", "")).Drift!);
        var wanted = (await Nic("", "")).DesiredDigest!;
        Assert.Empty((await Nic(wanted, wanted)).Drift!);
        Assert.Equal(["inside"], (await Nic(wanted, "other")).Drift!);
        Assert.Equal(["kernel"], (await Nic("other", wanted)).Drift!);
    }

    [Fact]
    public async Task Apply_waits_for_every_host_that_it_concerns_and_names_those_that_lag()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80) + Sample.Open("rival", 80));
        await using var a = await controller.Dial(Sample.HostA, "host-a");
        await a.Has(Sample.Vm(1, "shop"));
        await a.Applied(await a.NextPolicy());
        await using var b = await controller.Dial(Sample.HostB, "host-b");
        await b.Has(Sample.Vm(2, "rival"));
        var keeping = b.ApplyAll();
        await controller.Until(s => s.Ready);

        // Rival's rule is host B's alone: A stays where it is, and nobody waits for it.
        Assert.Equal((0, ""), await Apply(controller, Sample.Open("rival", 81)));
        var (one, two) = (await controller.Host(Sample.HostA), await controller.Host(Sample.HostB));
        Assert.True(one.SequenceApplied < two.SequenceApplied);

        // Shop's is host A's, which takes its time, then refuses, then takes it.
        var late = $"error: not everywhere in force after 0 s: host host-a has sequence {one.SequenceApplied} of {two.SequenceApplied + 1}; see 'merlon status'\n";
        Assert.Equal((1, late), await Apply(controller, Sample.Open("shop", 82), "--timeout", "0"));
        var policy = await a.NextPolicy();
        await a.Refused(policy, "no room");
        await controller.Until(s => s.Hosts[0].Error is not null);
        Assert.Equal((1, "error: not everywhere in force after 0 s: host host-a refused it: no room; see 'merlon status'\n"), await Apply(controller, Sample.Open("shop", 82), "--timeout", "0"));
        await a.Applied(policy);
        Assert.Equal((0, ""), await Apply(controller, Sample.Open("shop", 82)));

        // Whoever has a later apply has the earlier one: the agent may have skipped it.
        var waiting = await controller.Apply(Sample.Open("rival", 83));
        await controller.Apply(Sample.Open("rival", 84));
        await controller.Until(s => s.Hosts.All(h => h.Has(waiting.Sequence)));

        // Away is not in force: named, after a restart of the controller too.
        await a.DisposeAsync();
        await controller.Until(s => !s.Hosts[0].Connected);
        Assert.Equal((1, "error: not everywhere in force after 0 s: host host-a is not connected; see 'merlon status'\n"), await Apply(controller, Sample.Open("shop", 85), "--timeout", "0"));
        await controller.Restart();
        var everyone = "error: not everywhere in force after 0 s: host host-a is not connected; host host-b is not connected; see 'merlon status'\n";
        Assert.Equal((1, everyone), await Apply(controller, Sample.Open("shop", 86), "--timeout", "0"));
        await keeping;
    }

    [Fact]
    public async Task The_first_apply_waits_for_the_first_agent_to_have_it()
    {
        await using var controller = await RunningController.Start();
        Assert.Equal((1, "error: not everywhere in force after 0 s: no agent has ever connected; see 'merlon status'\n"), await Apply(controller, Sample.Guard, "--timeout", "0"));
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        Assert.Equal((1, "error: not everywhere in force after 0 s: host host-a has not told its VMs yet; see 'merlon status'\n"), await Apply(controller, Sample.Guard, "--timeout", "0"));
        await agent.Has(Sample.Vm(1, "shop"));
        var policy = await agent.NextPolicy();
        Assert.Equal((1, "error: not everywhere in force after 0 s: host host-a has sequence 0 of 1; see 'merlon status'\n"), await Apply(controller, Sample.Guard, "--timeout", "0"));
        await agent.Applied(policy);
        Assert.Equal((0, ""), await Apply(controller, Sample.Guard));
    }

    [Fact]
    public async Task A_host_that_is_gone_for_good_can_be_forgotten_and_its_addresses_are_free()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        await using var gone = await controller.Dial(Sample.HostA, "host-a");
        await gone.Has(Sample.Vm(1, "shop", "10.8.0.5"));
        await gone.NextPolicy();
        await using var heir = await controller.Dial(Sample.HostB, "host-b");
        await heir.Has(Sample.Vm(2, "shop", "10.8.0.5"));
        Assert.Empty((await heir.NextPolicy()).Endpoints.Single().Addresses);
        Assert.Equal(5, (await CommandLine.Run(controller.Environment, "delete", "host/host-a")).Code);
        await gone.DisposeAsync();
        await controller.Until(s => !s.Hosts[0].Connected);
        Assert.Equal(new Said(0, "host/host-a changed\n", ""), await CommandLine.Run(controller.Environment, "delete", "host/host-a"));
        Assert.Single((await heir.NextPolicy()).Endpoints.Single().Addresses);
        Assert.Equal(3, (await CommandLine.Run(controller.Environment, "delete", "host/host-a")).Code);
        await controller.Restart();
        Assert.Equal("host-b", Assert.Single((await controller.Status()).Hosts).Name);
        Assert.Equal("vm-2", Assert.Single(await controller.Get("/v1/vms", ApiJson.Default.IReadOnlyListVmRecord)).Name);
    }

    /// <summary>What a dead stream still had to say never overtakes the session that took its place.</summary>
    [Fact]
    public async Task An_agent_that_dials_again_ends_its_older_session_first()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        var sessions = new List<PretendedAgent>();
        for (var i = 1; i <= 6; i++)
        {
            sessions.Add(await controller.Dial(Sample.HostA, "host-a"));
            await sessions[^1].Has(Sample.Vm(i, "shop"));
            await sessions[^1].NextPolicy();
        }
        foreach (var old in sessions.SkipLast(1)) await old.HungUp();
        Assert.Equal("vm-6", Assert.Single(await controller.Get("/v1/vms", ApiJson.Default.IReadOnlyListVmRecord)).Name);
        Assert.True((await controller.Host(Sample.HostA)).Connected);
        foreach (var session in sessions) await session.DisposeAsync();
        await controller.Until(s => !s.Hosts[0].Connected);
    }

    private static async Task<(int, string)> Apply(RunningController controller, string text, params string[] more)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        var said = await CommandLine.Run(controller.Environment, ["apply", "-f", file, "--wait", .. more]);
        File.Delete(file);
        return (said.Code, said.Error);
    }
}
