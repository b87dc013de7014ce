using System.Globalization;
using AwesomeAssertions;
using Merlon.Agent.Migration;
using Merlon.Contracts;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>What is inside the VMs of a host, and what is written into them.</summary>
public sealed class VmPapersTest : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("merlon-papers").FullName;
    private readonly PolicySigner _signer;
    private readonly VmPapers _papers;
    private readonly List<(string Vm, string Text)> _written = [];
    private readonly HashSet<string> _here = [Samples.Key(1).VmUuid, Samples.Key(2).VmUuid];
    private static readonly string s_vm = Samples.Key(1).VmUuid;
    private long _now = 1000;

    public VmPapersTest()
    {
        _signer = PolicySigner.EnsureAt(_home);
        _papers = new(InstancePaths.Parse("nowhere")!)
        {
            Trusted = () => TrustList.Read(_home),
            Installation = () => _signer.Installation,
            Clock = () => _now,
            Write = (vm, text) => _written.Add((vm, text)),
        };
    }

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public void What_the_manager_signed_is_written_once_and_again_when_somebody_puts_another_there()
    {
        Want(Signed(1, 5, "a")).Should().BeNull();
        Look(null);
        Look("junk");
        _written.Should().ContainSingle().Which.Vm.Should().Be(s_vm);
        Look(_written[0].Text);
        _papers.Inside(s_vm)!.Refused.Should().BeNull();
        Look("junk");
        Look(Text(1, 4, "older"));
        _written.Should().HaveCount(2);
    }

    [Fact]
    public void The_same_words_of_another_sequence_are_left_there_and_of_another_key_are_not()
    {
        Look(Text(1, 4, "a"));
        Want(Signed(1, 5, "a"));
        _written.Should().BeEmpty();
        PolicySigner.Rotate(_home);
        using var next = PolicySigner.EnsureAt(_home);
        Want(VmDocuments.Sign(Document(1, 5, "a"), next));
        _written.Should().ContainSingle();
    }

    [Fact]
    public void A_newer_one_that_came_with_the_VM_is_not_taken_back()
    {
        Want(Signed(1, 5, "a"));
        _written.Clear();
        Look(Text(1, 6, "b"));
        _written.Should().BeEmpty();
    }

    [Fact]
    public void What_was_wanted_of_a_VM_that_left_is_forgotten()
    {
        Want(Signed(1, 5, "a"));
        _papers.WriteFailed(s_vm, "read only");
        _written.Clear();
        _here.Clear();
        _papers.Look(new Dictionary<string, string?>(), _here);
        _here.Add(s_vm);
        Look(null);
        _written.Should().BeEmpty();
        _papers.NotWritten.Should().BeEmpty();
    }

    [Fact]
    public void A_failed_write_is_told_until_it_is_there_and_is_not_tried_without_a_pause()
    {
        Want(Signed(1, 5, "a"));
        _papers.WriteFailed(s_vm, "read only");
        Look(null);
        Look(null);
        (_written.Count, _papers.NotWritten[s_vm]).Should().Be((1, "read only"));
        Look(_written[0].Text);
        _papers.NotWritten.Should().BeEmpty();
    }

    [Fact]
    public void What_is_too_large_or_of_nobody_known_is_written_nowhere()
    {
        Want(Large()).Should().BeNull();
        _papers.TooLarge.Should().Equal(s_vm);
        File.Delete(Path.Combine(_home, "policy.pub"));
        Want(Signed(2, 5, "a")).Should().StartWith("signer: ");
        Look(null);
        _written.Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("junk")]
    [InlineData("2")]
    public void What_does_not_count_says_why_and_has_no_digest(string text)
    {
        Look(text == "2" ? Text(2, 5, "a") : text);
        _papers.Inside(s_vm).Should().BeEquivalentTo(new { Document = (VmDocument?)null, Content = "" });
        _papers.Inside(s_vm)!.Refused.Should().Contain(text == "2" ? "(a clone?)" : "document: ");
        _papers.Inside(s_vm)!.Digests.Should().BeEmpty();
    }

    [Fact]
    public void The_digest_inside_follows_the_time()
    {
        var text = VmDocuments.ToText(VmDocuments.Sign(Document(1, 5, "a", new Interval(2000, 3000)), _signer))!;
        Look(text).Should().BeTrue();
        var before = _papers.Inside(s_vm)!.Digests[0];
        Look(text).Should().BeFalse();
        _now = 2500;
        Look(text).Should().BeTrue();
        _papers.Inside(s_vm)!.Digests[0].Should().NotBe(before);
    }

    private bool Look(string? text) => _papers.Look(new Dictionary<string, string?> { [s_vm] = text }, _here);

    private string? Want(byte[] signed) => _papers.Want(signed, VmDocuments.ToText(signed), _here);

    private byte[] Signed(int vm, ulong sequence, string rule) => VmDocuments.Sign(Document(vm, sequence, rule), _signer);

    private string Text(int vm, ulong sequence, string rule) => VmDocuments.ToText(Signed(vm, sequence, rule))!;

    private VmDocument Document(int vm, ulong sequence, string rule, params Interval[] intervals) => new(_signer.Installation, Samples.Key(vm).VmUuid, sequence, Policy(vm, sequence, rule, intervals));

    private byte[] Large()
    {
        var dice = new Random(1);
        var policy = Policy(1, 5, "a");
        var rule = policy.RuleLists[0].Rules[0];
        string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"{i}-{dice.NextInt64()}-{dice.NextInt64()}");
        var rules = Enumerable.Range(0, 20_000).Select(i => rule with { Rule = rule.Rule with { Rule = Name(i) } });
        return VmDocuments.Sign(new(_signer.Installation, s_vm, 5, policy with { RuleLists = [policy.RuleLists[0] with { Rules = [.. rules] }, policy.RuleLists[1]] }), _signer);
    }

    private static HostPolicy Policy(int vm, ulong sequence, string name, params Interval[] intervals)
    {
        var policy = Samples.Policy(sequence, Samples.Endpoint(vm, $"10.8.0.{vm}"));
        ResolvedRule rule = new(new("shop", "p", name, 1), Tier.Tenant, RuleAction.Allow, true, [], true, [], [ServiceMatch.Any], false, false, [.. intervals]);
        return policy with { RuleLists = [policy.RuleLists[0] with { Rules = [rule] }, policy.RuleLists[1]] };
    }
}
