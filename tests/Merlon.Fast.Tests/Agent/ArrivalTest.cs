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
        Guarded().Should().Equal("vm-1: inside 9");
        Restart();
        Guarded().Should().Equal("vm-1: inside 9");
    }

    [Fact]
    public void Beside_the_controllers_policy_for_others()
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled 5", 2)));
        _arrival.Consider(Guest(1), Text(1, sequence: 4), answered: false);
        Guarded().Should().Equal("vm-1: inside 4", "vm-2: ruled 5");
    }

    [Theory]
    [InlineData(4ul, "ruled 5")]
    [InlineData(5ul, "ruled 5")]
    [InlineData(6ul, "inside 6")]
    public void The_newer_of_disk_and_VM_rules(ulong inside, string rules)
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled 5", 1)));
        _arrival.Consider(Guest(1), Text(1, inside), answered: false);
        Guarded().Should().Equal($"vm-1: {rules}");
    }

    [Fact]
    public void An_older_document_takes_nothing_back()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        _arrival.Consider(Guest(1), Text(1, 8), answered: false);
        _arrival.Consider(Guest(1), null, answered: false);
        Guarded().Should().Equal("vm-1: inside 9");
    }

    [Fact]
    public void The_controllers_answer_and_its_newer_policy_end_it()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: true);
        Guarded().Should().BeEmpty();
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(8, "ruled 8", 1)));
        Guarded().Should().Equal("vm-1: inside 9");
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(10, "ruled 10", 1)));
        Guarded().Should().Equal("vm-1: ruled 10");
        _arrival.Consider(Guest(2), Text(2, 9), answered: false);
        _policy.Forget([Samples.Key(2).VmUuid]);
        Restart();
        Guarded().Should().Equal("vm-1: ruled 10");
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
        Guarded().Should().Equal("vm-1: inside 9");
    }

    [Fact]
    public void A_signer_that_lost_its_trust_leaves_default_deny_and_never_an_open_VM()
    {
        _arrival.Consider(Guest(1), Text(1, 9), answered: false);
        File.Delete(Path.Combine(_home, "policy.pub"));
        Restart();
        Guarded().Should().Equal("vm-1: default");
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
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled 5", 1)));
        _arrival.Consider(Guest(1), "junk", answered: false);
        Guarded().Should().Equal("vm-1: ruled 5");
    }

    [Fact]
    public void With_the_hosts_own_policy_lost_nothing_is_put_in_its_place()
    {
        _policy.Apply(HostPolicyMessages.ToMessage(Policy(5, "ruled 5", 2)));
        foreach (var file in Directory.GetFiles(_folder, "policy-*.bin")) File.Delete(file);
        Restart();
        var before = _kernel.Picture();
        FluentActions.Invoking(() => _arrival.Consider(Guest(1), Text(1, 9), answered: false)).Should().Throw<KernelFault>();
        _kernel.Picture().Should().Be(before);
    }

    private void Restart()
    {
        TrustList Trust() => TrustList.Read(_home);
        _carried = new(_folder, Trust);
        _policy = new(_kernel, new(_kernel, NullLogger.Instance), new(_folder), _carried, _ => [], Compile, () => 1000, () => _signer.Installation, NullLogger.Instance);
        _policy.Restore();
        _arrival = new(_policy, _carried, new(InstancePaths.Parse("nowhere")!) { Trusted = Trust, Installation = () => _signer.Installation });
    }

    // The ruleset's name stands for the rules: it is the first rule's, or default where there is none.
    private static CompileResult Compile(HostPolicy policy, long at)
    {
        ulong[] words = [.. policy.Nics.Select(n => (ulong)policy.Endpoints[n.Endpoint].Key.VmUuid.GetHashCode(StringComparison.Ordinal)), policy.Sequence];
        return new(Samples.Image(policy, "") with
        {
            Words = [.. words],
            Digest = PretendedKernel.Digest(words),
            Nics = [.. policy.Nics.Select(n => new ImageNic(policy.Endpoints[n.Endpoint].Key, policy.RuleLists[n.OutRules].Rules is [var first, ..] ? first.Rule.Rule : "default"))],
        }, []);
    }

    private IEnumerable<string> Guarded() => (_policy.Plan?.Nics ?? []).Select(n => $"{n.Vm}: {n.RulesetDigest}").Order();

    private string Text(int vm, ulong sequence) =>
        VmDocuments.ToText(VmDocuments.Sign(new(_signer.Installation, Samples.Key(vm).VmUuid, sequence, Policy(sequence, $"inside {sequence}", vm)), _signer))!;

    private static HostPolicy Policy(ulong sequence, string rule, int vm)
    {
        var policy = Samples.Policy(sequence, Samples.Endpoint(vm, $"10.8.0.{vm}"));
        ResolvedRule allow = new(new("shop", "p", rule, 1), Tier.Tenant, RuleAction.Allow, true, [], true, [], [ServiceMatch.Any], false, false, []);
        return policy with { RuleLists = [policy.RuleLists[0] with { Rules = [allow] }, policy.RuleLists[1]] };
    }

    private static Guest Guest(int vm) => new(Samples.Key(vm).VmUuid, $"vm-{vm}", "shop", new Dictionary<string, string>(), true, false,
        [new(0, $"52:54:00:00:00:{vm:x2}", "br0", $"tap{vm}", [], null)]);
}
