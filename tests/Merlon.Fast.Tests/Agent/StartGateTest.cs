using AwesomeAssertions;
using Merlon.Agent.Gate;
using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>VM n is behind interface tapn, ifindex n.</summary>
public sealed class StartGateTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-gate").FullName;
    private readonly PretendedKernel _kernel = new();
    private readonly PortKeeper _ports;
    private readonly PolicyKeeper _policy;
    private readonly StartGate _gate;
    private List<HostLink> _links = [new(1, "tap1", "br0"), new(2, "tap2", "br0")];

    public StartGateTest()
    {
        _ports = new(_kernel, NullLogger.Instance);
        _policy = Keeper();
        _gate = new(_policy, _ports, () => _links);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_guest_is_closed_then_attached_then_emptied_then_opened()
    {
        Apply(OnFailure.Closed, 1);
        var fates = new List<string>();
        _kernel.Changes.Clear();
        _kernel.Watch = () => fates.Add($"{_kernel.Changes[^1]}: {_kernel.Fate(1).Split(' ')[0]}");
        _gate.Pass(Guest(1)).Should().BeEquivalentTo(new { Start = true, Outcome = "guarded", Message = "tap1 of vm-1 guarded by policy 5" });
        string[] ofTables = ["set budget", "keep shares", "put mac", "put owner"];
        fates.Where(f => !ofTables.Any(t => f.StartsWith(t, StringComparison.Ordinal)))
            .Should().Equal("put port: open", "bump: open", "attach: closed", "purge: closed", "put port: image", "bump: image");
    }

    /// <summary>Of the VM as it ran before, behind an interface that is no more.</summary>
    [Fact]
    public void A_start_ends_the_time_to_adopt_before_its_port_opens()
    {
        Apply(OnFailure.Closed, 1);
        var vnic = _policy.Plan!.Nics[0].Vnic;
        _kernel.Adoptions[vnic] = 1;
        var open = new List<bool>();
        _kernel.Watch = () =>
        {
            if (_kernel.Fate(1).StartsWith("image", StringComparison.Ordinal)) open.Add(_kernel.Adoptions.ContainsKey(vnic));
        };
        _gate.Pass(Guest(1)).Start.Should().BeTrue();
        open.Should().NotBeEmpty().And.NotContain(true);
    }

    [Fact]
    public void A_guest_that_no_Guard_selects_costs_nothing()
    {
        Apply(OnFailure.Closed, 1);
        _kernel.Changes.Clear();
        _gate.Pass(Guest(2)).Should().BeEquivalentTo(new { Start = true, Outcome = "not-guarded" });
        _kernel.Changes.Should().BeEmpty();
    }

    [Fact]
    public void What_cannot_be_guarded_starts_only_if_its_Guard_says_so()
    {
        Apply(OnFailure.Closed, 1);
        _gate.Pass(Guest(1, cannot: "hostdev")).Should().BeEquivalentTo(new { Start = false, Outcome = "unguardable" });
        Apply(OnFailure.Open, 1);
        _gate.Pass(Guest(1, cannot: "hostdev")).Should().BeEquivalentTo(new { Start = true, Outcome = "unguarded" });
    }

    [Theory]
    [InlineData(OnFailure.Closed, false, "closed")]
    [InlineData(OnFailure.Open, true, "open")]
    public void A_policy_that_the_kernel_does_not_hold_is_decided_by_the_Guard(OnFailure onFailure, bool starts, string fate)
    {
        Apply(onFailure, 1);
        _kernel.Commit([77], [], []);
        var answer = _gate.Pass(Guest(1));
        (answer.Start, _kernel.Fate(1)).Should().Be((starts, fate));
        answer.Message.Should().Contain("read back");
    }

    [Fact]
    public void A_tap_that_is_not_there_is_a_failure()
    {
        Apply(OnFailure.Closed, 1);
        _links = [];
        _gate.Pass(Guest(1)).Should().BeEquivalentTo(new { Start = false, Message = "vm-1 may not start, because it cannot be guarded: interface 0 (52:54:00:00:00:01) has no tap on this host yet" });
    }

    [Fact]
    public void An_interface_that_is_guarded_for_another_VM_is_not_taken_over()
    {
        Apply(OnFailure.Closed, 1, 2);
        _gate.Pass(Guest(1)).Start.Should().BeTrue();
        var before = _kernel.Picture();
        var thief = Guest(2) with { Nics = [new(0, "52:54:00:00:00:02", "br0", "tap1", [], null)] };
        _gate.Pass(thief).Should().BeEquivalentTo(new { Start = false, Outcome = "cannot-guard" });
        _kernel.Picture().Should().Be(before);
    }

    [Fact]
    public void Passing_again_takes_nothing_off()
    {
        Apply(OnFailure.Closed, 1);
        _gate.Pass(Guest(1));
        _kernel.Changes.Clear();
        _gate.Pass(Guest(1)).Start.Should().BeTrue();
        _kernel.Changes.Should().NotContain(["attach", "detach"]);
    }

    [Fact]
    public void Killed_at_any_step_it_has_opened_nothing_that_is_not_judged()
    {
        Apply(OnFailure.Closed, 1);
        for (var steps = 0; ; steps++)
        {
            _kernel.StepsToLive = steps;
            try
            {
                _gate.Pass(Guest(1));
                steps.Should().BeGreaterThan(4);
                return;
            }
            catch (PretendedKernel.KilledException)
            {
                _kernel.StepsToLive = int.MaxValue;
                if (_kernel.Attached().ContainsKey(1)) _kernel.Fate(1).Should().Match(f => f == "closed" || f.StartsWith("image"));
            }
        }
    }

    [Fact]
    public void Without_a_readable_policy_the_book_knows_who_was_guarded_and_how()
    {
        Apply(OnFailure.Closed, 1);
        foreach (var file in Directory.GetFiles(_folder, "policy-*.bin")) File.Delete(file);
        var next = Keeper();
        next.Recall();
        var gate = new StartGate(next, _ports, () => _links);
        gate.Pass(Guest(1)).Should().BeEquivalentTo(new { Start = false, Message = "vm-1 may not start, because it cannot be guarded: there is no policy on disk" });
        gate.Pass(Guest(2)).Should().BeEquivalentTo(new { Start = true, Outcome = "not-guarded" });
    }

    [Fact]
    public void A_hook_beside_an_agent_changes_neither_disk_nor_image()
    {
        Apply(OnFailure.Closed, 1);
        var disk = Directory.GetFiles(_folder).Select(f => (f, Convert.ToHexString(File.ReadAllBytes(f)))).ToList();
        var next = Keeper();
        next.Recall();
        _kernel.Changes.Clear();
        new StartGate(next, new(_kernel, NullLogger.Instance), () => _links).Pass(Guest(1)).Start.Should().BeTrue();
        _kernel.Changes.Should().NotContain("commit");
        Directory.GetFiles(_folder).Select(f => (f, Convert.ToHexString(File.ReadAllBytes(f)))).Should().BeEquivalentTo(disk);
    }

    [Fact]
    public void The_next_reconcile_finds_a_port_of_the_gate_as_it_is_and_no_newcomer()
    {
        Apply(OnFailure.Closed, 1);
        _gate.Pass(Guest(1));
        var before = _kernel.Picture();
        var ports = new PortKeeper(_kernel, NullLogger.Instance);
        WantedPort[] wanted = [new(1, "tap1", _policy.Plan!.Nics[0])];
        ports.Prepare(wanted, _policy.Plan);
        ports.Settle(wanted, _policy.Plan);
        (_kernel.Picture(), ports.Newcomers.Count).Should().Be((before, 0));
        _kernel.RemovePort(1);
        ports.Prepare(wanted, _policy.Plan);
        ports.Newcomers.Should().HaveCount(1);
    }

    /// <summary>It may still run on another host (docs/decisions/0010): whatever a reconcile changes meanwhile, only its first frame ends that.</summary>
    [Fact]
    public void A_port_of_the_gate_awaits_its_VM_and_has_no_way_until_that_speaks()
    {
        Apply(OnFailure.Closed, 1, 2);
        _gate.Pass(Guest(1));
        _gate.Pass(Guest(2));
        WantedPort[] wanted = [.. _policy.Plan!.Nics.Select((n, i) => new WantedPort(i + 1, $"tap{i + 1}", n, null, 7, 1500))];
        Reconcile(wanted);
        Speaks(2);
        Reconcile(wanted);
        (Awaited(), Ways()).Should().BeEquivalentTo((new[] { 1 }, new[] { 2 }));
        wanted[0] = wanted[0] with { Plan = wanted[0].Plan! with { Slot = 9, Guard = NicGuard.Default with { ShortCut = false } } };
        Reconcile(wanted);
        Awaited().Should().Equal(1);
        Speaks(1);
        Reconcile(wanted);
        (Awaited(), Ways()).Should().BeEquivalentTo((Array.Empty<int>(), new[] { 1, 2 }));
    }

    [Fact]
    public void A_port_that_no_gate_has_let_in_awaits_nobody()
    {
        Apply(OnFailure.Closed, 1);
        Reconcile(new WantedPort(1, "tap1", _policy.Plan!.Nics[0], null, 7, 1500));
        Awaited().Should().BeEmpty();
    }

    private int[] Awaited() => [.. _kernel.Ports().Where(p => p.Value.Awaited != 0).Select(p => p.Key).Order()];

    private int[] Ways() => [.. _kernel.Ways.Select(w => w.Ifindex)];

    // As the program does.
    private void Speaks(int ifindex) => _kernel.PutPort(ifindex, _kernel.Ports()[ifindex] with { Awaited = 0 });

    private void Reconcile(params WantedPort[] wanted)
    {
        _ports.Prepare(wanted, _policy.Plan);
        _ports.Settle(wanted, _policy.Plan);
        _ports.KeepWays(wanted);
    }

    [Fact]
    public void Where_the_policy_inside_cannot_be_put_into_force_the_Guard_decides_and_an_unknown_VM_does_not_start()
    {
        Apply(OnFailure.Closed, 1);
        var book = _policy.Book;
        StartGate.NotInForce(Guest(1), book, "no room").Should().BeEquivalentTo(new { Start = false, Outcome = "cannot-guard" });
        book = book with { Nics = [.. book.Nics.Select(n => n with { OnFailure = OnFailure.Open })] };
        StartGate.NotInForce(Guest(1), book, "no room").Should().BeEquivalentTo(new { Start = true, Outcome = "unguarded" });
        StartGate.NotInForce(Guest(9), book, "no room").Should().BeEquivalentTo(new { Start = false, Outcome = "cannot-guard" });
    }

    private PolicyKeeper Keeper() => new(_kernel, _ports, new(_folder), new(_folder, () => TrustList.Read(), () => null), _ => [], Compile, () => 1000, NullLogger.Instance);

    private ulong _sequence = 4;

    private void Apply(OnFailure onFailure, params int[] vms)
    {
        var policy = Samples.Policy(++_sequence, [.. vms.Select(vm => Samples.Endpoint(vm, $"10.8.0.{vm}"))]);
        policy = policy with { Nics = [.. policy.Nics.Select(n => n with { Guard = n.Guard with { OnFailure = onFailure } })] };
        _policy.Apply(HostPolicyMessages.ToMessage(policy));
        _policy.Error.Should().BeNull();
    }

    private static CompileResult Compile(HostPolicy policy, long at)
    {
        ulong[] words = [policy.Sequence];
        return new(Samples.Image(policy, "ruleset", "rule") with { Words = new([.. words]) }, []);
    }

    private static Guest Guest(int vm, string? cannot = null) => new(Samples.Key(vm).VmUuid, $"vm-{vm}", "shop", new Dictionary<string, string>(), true, false,
        [new(0, $"52:54:00:00:00:{vm:x2}", "br0", cannot is null ? $"tap{vm}" : null, [], cannot)]);
}
