using AwesomeAssertions;
using Merlon.Agent.Guests;
using Merlon.Agent.Migration;
using Merlon.Agent.Sync;
using Merlon.Contracts;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>A VM starts with a policy inside: the newest of the controller's, the disk's and its own rules.</summary>
public sealed class ArrivalTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-arrival").FullName;
    private readonly string _home = Directory.CreateTempSubdirectory("merlon-home").FullName;
    private readonly PretendedKernel _kernel = new();
    private readonly PolicySigner _signer;
    private string? _refuses;
    private CarriedPolicies _carried = null!;
    private PolicyKeeper _policy = null!;
    private Arrival _arrival = null!;

    public ArrivalTest()
    {
        _signer = PolicySigner.EnsureAt(_home);
        Restart();
    }

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(_folder, recursive: true);
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public void A_host_that_never_heard_of_the_VM_takes_its_policy_and_keeps_it()
    {
        _arrival.Consider(Guest(1), Text(1, sequence: 9), answered: false);
        Guarded().Should().Equal("vm-1: inside-9");
        Restart();
        Guarded().Should().Equal("vm-1: inside-9");
    }

    [Fact]
    public void Beside_the_controllers_policy_for_others()
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled-5", 2)));
        _arrival.Consider(Guest(1), Text(1, sequence: 4), answered: false);
        Guarded().Should().Equal("vm-1: inside-4", "vm-2: ruled-5");
    }

    [Theory]
    [InlineData(4ul, "ruled-5")]
    [InlineData(5ul, "ruled-5")]
    [InlineData(6ul, "inside-6")]
    public void The_newer_of_disk_and_VM_rules(ulong inside, string rules)
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled-5", 1)));
        _arrival.Consider(Guest(1), Text(1, inside), answered: false);
        Guarded().Should().Equal($"vm-1: {rules}");
    }

    [Fact]
    public void An_older_document_takes_nothing_back()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        _arrival.Consider(Guest(1), Text(1, 8), answered: false);
        _arrival.Consider(Guest(1), null, answered: false);
        Guarded().Should().Equal("vm-1: inside-9");
    }

    [Fact]
    public void The_controllers_answer_and_its_newer_policy_end_it()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: true);
        Guarded().Should().BeEmpty();
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(8, "ruled-8", 1)));
        Guarded().Should().Equal("vm-1: inside-9");
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(10, "ruled-10", 1)));
        Guarded().Should().Equal("vm-1: ruled-10");
        _arrival.Consider(Guest(2), Text(2, 9), answered: false);
        _policy.Forget([Samples.Key(2).VmUuid]);
        Restart();
        Guarded().Should().Equal("vm-1: ruled-10");
    }

    [Theory]
    [InlineData("altered")]
    [InlineData("another's")]
    [InlineData("untrusted")]
    [InlineData("nothing")]
    public void What_does_not_count_is_default_deny_where_nothing_else_is_known(string how)
    {
        var text = how switch
        {
            "altered" => VmDocuments.ToText([.. VmDocuments.FromText(Text(1, 9))[..^1], 0])!,
            "another's" => Text(2, 9),
            "untrusted" => Text(1, 9),
            _ => "",
        };
        if (how == "untrusted") File.Delete(Path.Combine(_home, "policy.pub"));
        _arrival.Consider(Guest(1), text, answered: false);
        Guarded().Should().Equal("vm-1: default");
        _carried.Refused.Should().ContainSingle();
        Restart();
        Guarded().Should().Equal("vm-1: default");
        if (how == "untrusted") return;
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        Guarded().Should().Equal("vm-1: inside-9");
    }

    [Fact]
    public void A_signer_that_lost_its_trust_leaves_default_deny_and_never_an_open_VM()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        File.Delete(Path.Combine(_home, "policy.pub"));
        Restart();
        Guarded().Should().Equal("vm-1: default");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_leaves_default_deny_at_the_next_start_of_the_VM_too(bool textIsThere)
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        File.Delete(Path.Combine(_home, "policy.pub"));
        _arrival.Consider(Guest(1), textIsThere ? Text(1, 9) : null, answered: false);
        Guarded().Should().Equal("vm-1: default");
        _carried.Refused.Single().Why.Should().StartWith("signer: ");
    }

    [Fact]
    public void Where_the_hosts_own_policy_names_the_VM_that_rules_again()
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled-5", 1)));
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        Guarded().Should().Equal("vm-1: inside-9");
        File.Delete(Path.Combine(_home, "policy.pub"));
        _arrival.Consider(Guest(1), null, answered: false);
        Guarded().Should().Equal("vm-1: ruled-5");
        Restart();
        Guarded().Should().Equal("vm-1: ruled-5");
    }

    [Fact]
    public void The_same_document_of_a_new_key_takes_the_place_of_one_whose_key_is_removed()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        PolicySigner.Rotate(_home);
        using (var next = PolicySigner.EnsureAt(_home))
        {
            foreach (var old in Directory.GetFiles(_home, "policy-*.pub")) File.Delete(old);
            _arrival.Consider(Guest(1), Text(1, 9, next), answered: false);
        }
        Restart();
        Guarded().Should().Equal("vm-1: inside-9");
    }

    [Fact]
    public void Default_deny_is_for_every_interface_those_that_cannot_be_guarded_too()
    {
        var guest = Guest(1);
        guest = guest with { Nics = [.. guest.Nics, new(1, "52:54:00:00:01:01", "", null, [], "hostdev")] };
        _arrival.Consider(guest, "junk", answered: false);
        Restart();
        Guarded().Should().Equal("vm-1: default", "vm-1: default");
        _policy.Plan!.Nics.Should().OnlyContain(n => n.Guard.OnFailure == OnFailure.Closed);
    }

    [Fact]
    public void A_VM_that_no_policy_can_name_does_not_start_and_stops_nobody_else()
    {
        var guest = Guest(1);
        guest = guest with { Nics = [.. Enumerable.Range(0, 65).Select(i => guest.Nics[0] with { Index = i })] };
        FluentActions.Invoking(() => _arrival.Consider(guest, "junk", answered: false)).Should().Throw<KernelFault>();
        Restart();
        _arrival.Consider(Guest(2), Text(2, 9), answered: false);
        Guarded().Should().Equal("vm-2: inside-9");
    }

    [Fact]
    public void A_document_that_cannot_be_put_into_force_stands_in_nobodys_way()
    {
        _arrival.Consider(Guest(1), Text(1, 8), answered: false);
        _refuses = "inside-9";
        FluentActions.Invoking(() => _arrival.Consider(Guest(1), Text(1, 9), answered: false)).Should().Throw<KernelFault>();
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled-5", 2)));
        Guarded().Should().Equal("vm-1: inside-8", "vm-2: ruled-5");
        Restart();
        Guarded().Should().Equal("vm-1: inside-8", "vm-2: ruled-5");
    }

    [Fact]
    public void A_list_of_libvirts_from_before_the_start_lets_nobody_go()
    {
        var before = Environment.TickCount64;
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        _carried.NotAmong(new HashSet<string>(), before).Should().BeEmpty();
        _carried.NotAmong(new HashSet<string>(), Environment.TickCount64 + 1).Should().Equal(Samples.Key(1).VmUuid);
    }

    [Fact]
    public void A_hook_that_only_recalls_finds_what_was_carried()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        var hook = Keeper();
        hook.Recall();
        (hook.Plan?.Nics.Single().RulesetDigest, hook.InForce).Should().Be(("inside-9", true));
    }

    [Fact]
    public void A_damaged_file_lets_no_VM_go()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        File.WriteAllBytes(Directory.GetFiles(Path.Combine(_folder, "vm-policies")).Single(), [1, 2, 3]);
        FluentActions.Invoking(Restart).Should().Throw<Merlon.Agent.AgentFault>();
    }

    [Fact]
    public void What_does_not_count_changes_nothing_where_a_policy_is_known()
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled-5", 1)));
        _arrival.Consider(Guest(1), "junk", answered: false);
        Guarded().Should().Equal("vm-1: ruled-5");
    }

    [Fact]
    public void With_the_hosts_own_policy_lost_nothing_is_put_in_its_place()
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled-5", 2)));
        foreach (var file in Directory.GetFiles(_folder, "policy-*.bin")) File.Delete(file);
        Restart();
        var before = _kernel.Picture();
        FluentActions.Invoking(() => _arrival.Consider(Guest(1), Text(1, 9), answered: false)).Should().Throw<KernelFault>();
        _kernel.Picture().Should().Be(before);
    }

    private void Restart()
    {
        _carried = Carried();
        _policy = Keeper(_carried);
        _policy.Restore();
        _arrival = new(_policy, _carried, new(InstancePaths.Parse("nowhere")!) { Trusted = () => TrustList.Read(_home), Installation = () => _signer.Installation });
    }

    private CarriedPolicies Carried() => new(_folder, () => TrustList.Read(_home), () => _signer.Installation);

    private PolicyKeeper Keeper(CarriedPolicies? carried = null) =>
        new(_kernel, new(_kernel, NullLogger.Instance), new(_folder), carried ?? Carried(), _ => [], Compile, () => 1000, NullLogger.Instance);

    // The ruleset's name stands for the rules: it is the first rule's, or default where there is none.
    private CompileResult Compile(HostPolicy policy, long at)
    {
        if (policy.RuleLists.Any(l => l.Rules.Any(r => r.Rule.Rule == _refuses))) return new(null, ["too large"]);
        ulong[] words = [.. policy.Nics.Select(n => (ulong)policy.Endpoints[n.Endpoint].Key.VmUuid.GetHashCode(StringComparison.Ordinal)), policy.Sequence];
        return new(Samples.Image(policy, "") with
        {
            Words = new([.. words]),
            Nics = [.. policy.Nics.Select(n => new ImageNic(policy.Endpoints[n.Endpoint].Key, policy.RuleLists[n.OutRules].Rules is [var first, ..] ? first.Rule.Rule : "default"))],
        }, []);
    }

    private IEnumerable<string> Guarded() => (_policy.Plan?.Nics ?? []).Select(n => $"{n.Vm}: {n.RulesetDigest}").Order();

    private string Text(int vm, ulong sequence, PolicySigner? signer = null) =>
        VmDocuments.ToText(VmDocuments.Sign(new(_signer.Installation, Samples.Key(vm).VmUuid, sequence, Policy(sequence, $"inside-{sequence}", vm)), signer ?? _signer))!;

    private static HostPolicy Policy(ulong sequence, string rule, int vm)
    {
        var policy = Samples.Policy(sequence, Samples.Endpoint(vm, $"10.8.0.{vm}"));
        ResolvedRule allow = new(new("shop", "p", rule, 1), Tier.Tenant, RuleAction.Allow, true, [], true, [], [ServiceMatch.Any], false, false, []);
        return policy with { RuleLists = [policy.RuleLists[0] with { Rules = [allow] }, policy.RuleLists[1]] };
    }

    private static Guest Guest(int vm) => new(Samples.Key(vm).VmUuid, $"vm-{vm}", "shop", new Dictionary<string, string>(), true, false,
        [new(0, $"52:54:00:00:00:{vm:x2}", "br0", $"tap{vm}", [], null)]);
}
