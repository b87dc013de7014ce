using CsCheck;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Contracts;

public class HostPolicyMessagesTests
{
    [Fact]
    public void Every_policy_comes_back_from_the_wire_as_it_went() => HostPolicyGen.Policy.Sample(policy =>
    {
        var bytes = HostPolicyMessages.ToMessage(policy).ToByteArray();
        var back = HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(bytes));
        Assert.Equal(bytes, HostPolicyMessages.ToMessage(back).ToByteArray());
        Assert.Equivalent(policy, back, strict: true);
    }, iter: 300);

    /// <summary>Bytes that a hostile controller chooses end in a policy or a ContractException, never in anything else.</summary>
    [Fact]
    public void Altered_bytes_give_a_policy_or_a_clear_refusal() =>
        Gen.Select(HostPolicyGen.Policy, Gen.Int[0, 1 << 20], Gen.Byte).Sample((policy, at, value) =>
        {
            var bytes = HostPolicyMessages.ToMessage(policy).ToByteArray();
            bytes[at % bytes.Length] = value;
            HostPolicyMessage message;
            try { message = HostPolicyMessage.Parser.ParseFrom(bytes); }
            catch (InvalidProtocolBufferException) { return; }
            try { HostPolicyMessages.FromMessage(message); }
            catch (ContractException e) { Assert.Contains(':', e.Message); }
        }, iter: 2000);

    private static bool Add(Google.Protobuf.Collections.RepeatedField<PortRangeMessage> ranges)
    {
        ranges.Add(new PortRangeMessage { Low = 1, High = 1 });
        return true;
    }

    public static TheoryData<string, Action<HostPolicyMessage>> Broken() => new()
    {
        { "nics[0].endpoint", m => m.Nics[0].Endpoint = 9 },
        { "nics[0].out_rules", m => m.Nics[0].OutRules = 1 },
        { "nics[0].in_rules", m => m.Nics[0].InRules = 7 },
        { "nics[0].mac", m => m.Nics[0].Mac = ByteString.CopyFrom(1, 2, 3) },
        { "nics[0].segment", m => m.Nics[0].Segment = "br\n0" },
        { "nics[0].guard", m => m.Nics[0].Guard = null },
        { "nics[0].guard.mode", m => m.Nics[0].Guard.Mode = 2 },
        { "nics[0].guard.max_half_open", m => m.Nics[0].Guard.MaxHalfOpen = -1 },
        { "nics[0].guard.connection_rate", m => m.Nics[0].Guard.ConnectionRate = -1 },
        { "nics[0].guard.neighbour_rate", m => m.Nics[0].Guard.NeighbourRate = 1_000_001 },
        { "nics[0].guard.vlans", m => m.Nics[0].Guard.Vlans.Add(new VlanRangeMessage { Low = 4000, High = 4095 }) },
        { "nics[0].guard.vlans", m => m.Nics[0].Guard.Vlans.Add([new() { Low = 10, High = 20 }, new() { Low = 20, High = 30 }]) },
        { "nics[0].guard.vlans", m => m.Nics[0].Guard.Vlans.Add(Enumerable.Range(1, 9).Select(i => new VlanRangeMessage { Low = (uint)i * 2, High = (uint)i * 2 })) },
        { "nics[0].guard.ether_types", m => m.Nics[0].Guard.EtherTypes.Add(0x8100) },
        { "nics[0].guard.may_claim_addresses", m => m.Nics[0].Guard.MayClaimAddresses.Add(new PrefixMessage { Network = ByteString.CopyFrom(new byte[16]), Length = 0 }) },
        { "nics[0].guard.may_claim_addresses", m => m.Nics[0].Guard.MayClaimAddresses.Add(Enumerable.Range(1, 9).Select(i => new PrefixMessage { Network = ByteString.CopyFrom([10, 0, 0, (byte)i]), Length = 32 })) },
        { "nics[0].guard.may_claim_macs", m => m.Nics[0].Guard.MayClaimMacs.Add(ByteString.CopyFrom([1, 0, 0x5e, 0, 0, 1])) },
        { "nics[0].guard.may_claim_macs", m => m.Nics[0].Guard.MayClaimMacs.Add([ByteString.CopyFrom([2, 0, 0, 0, 0, 2]), ByteString.CopyFrom([2, 0, 0, 0, 0, 1])]) },
        { "nics[0].guard.ether_types", m => m.Nics[0].Guard.EtherTypes.Add([0x88cc, 0x88cc]) },
        { "nics[0].guard.untracked_serves", m => m.Nics[0].Guard.UntrackedServes.Add(new PortRangeMessage { Low = 3260, High = 65536 }) },
        { "nics[0].guard.untracked_serves", m => m.Nics[0].Guard.UntrackedServes.Add([new() { Low = 10, High = 20 }, new() { Low = 21, High = 30 }]) },
        { "nics[0].guard.untracked_asks", m => m.Nics[0].Guard.UntrackedAsks.Add(new PortRangeMessage { Low = 5, High = 4 }) },
        { "nics[0].guard.adopt_seconds", m => m.Nics[0].Guard.AdoptSeconds = 601 },
        { "nics[0].guard.adopt_seconds", m => m.Nics[0].Guard.AdoptSeconds = -1 },
        { "nics[0].guard.untracked_serves", m => m.Nics[0].Guard.UntrackedServes.Add(new PortRangeMessage { Low = 0, High = 65535 }) },
        { "nics[0].guard.untracked_serves", m => m.Nics[0].Guard.UntrackedServes.Add(Enumerable.Range(1, 65).Select(i => new PortRangeMessage { Low = (uint)i * 2, High = (uint)i * 2 })) },
        { "nics[0].guard.untracked_serves", m => (m.Nics[0].Guard.In, _) = (false, Add(m.Nics[0].Guard.UntrackedServes)) },
        { "nics[0].guard.untracked_asks", m => (m.Nics[0].Guard.Out, _) = (false, Add(m.Nics[0].Guard.UntrackedAsks)) },
        { "nics[1]", m => m.Nics.Add(m.Nics[0].Clone()) },
        { "endpoints[0].vm_uuid", m => m.Endpoints[0].VmUuid = "AAAAAAAA-0000-0000-0000-000000000001" },
        { "endpoints[0].nic_index", m => m.Endpoints[0].NicIndex = 1000 },
        { "endpoints[0].vm", m => m.Endpoints[0].Vm = new string('v', 256) },
        { "endpoints[0].addresses", m => m.Endpoints[0].Addresses.Add(ByteString.CopyFrom(1, 2, 3, 4, 5)) },
        { "endpoints[1]", m => m.Endpoints.Add(m.Endpoints[0].Clone()) },
        { "sets[0].endpoints", m => m.Sets[0].Endpoints.Add(1) },
        { "sets[0].prefixes", m => m.Sets[0].Prefixes[0].Length = 7 },
        { "sets[0].prefixes.length", m => m.Sets[0].Prefixes[0].Length = 33 },
        { "rule_lists[0].default_action", m => m.RuleLists[0].DefaultAction = 4 },
        { "rule_lists[0].rules[0].remotes", m => m.RuleLists[0].Rules[0].Remotes.Add(3) },
        { "rule_lists[0].rules[0].tier", m => m.RuleLists[0].Rules[0].Tier = -1 },
        { "rule_lists[0].rules[0].action", m => m.RuleLists[0].Rules[0].Action = 0 },
        { "rule_lists[0].rules[0].services", m => m.RuleLists[0].Rules[0].Services.Clear() },
        { "rule_lists[0].rules[0].services.low", m => m.RuleLists[0].Rules[0].Services[0].High = 70000 },
        { "rule_lists[0].rules[0].services.protocol", m => m.RuleLists[0].Rules[0].Services[0].Protocol = 256 },
        { "rule_lists[0].rules[0].active", m => m.RuleLists[0].Rules[0].Active.Add(new IntervalMessage { From = 5, To = 5 }) },
        { "confirm_by", m => m.ConfirmBy = -1 },
        { "fallback", m => m.ConfirmBy = 5 },
        { "fallback", m => m.Fallback = Small() },
        { "fallback", m => (m.ConfirmBy, m.Fallback) = (5, OnTrial()) },
        { "connections.from", m => m.Connections = new() { From = m.Sequence, Tenants = { "shop" } } },
        { "connections.until", m => (m.Sequence, m.Connections) = (2, new() { From = 1, Until = -1, Tenants = { "shop" } }) },
        { "connections.tenants", m => (m.Sequence, m.Connections) = (2, new() { From = 1 }) },
        { "connections.tenants", m => (m.Sequence, m.Connections) = (2, new() { From = 1, Tenants = { "a\nb" } }) },
        { "fallback.sequence", m => (m.Sequence, m.ConfirmBy, m.Fallback) = (2, 5, Small()) },
        { "nics[0].endpoint", m => (m.ConfirmBy, m.Fallback) = (5, Broken(Small())) },
        { "rule_lists[0].rules[0].policy", m => m.RuleLists[0].Rules[0].Policy = "" },
        { "rule_lists[0].rules", m => Pool(m).RuleLists[0].Rules.Add(m.Rules[0]) },
        { "rule_lists[0].rule_indexes", m => Pool(m).RuleLists[0].RuleIndexes.Add(1) },
        { "rule_lists[0].rules[1].tier", m => Pool(m, 1).RuleLists[0].RuleIndexes.Add(1) },
        { "rules[0].policy", m => Pool(m).Rules[0].Policy = "" },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void A_broken_field_is_named(string field, Action<HostPolicyMessage> breakIt)
    {
        var message = Small();
        HostPolicyMessages.FromMessage(message);
        breakIt(message);
        var error = Assert.Throws<ContractException>(() => HostPolicyMessages.FromMessage(message));
        Assert.StartsWith(field + ":", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever the number of VMs and lists: a thousand vNICs of a hundred tenants' rules would not fit into one message otherwise.</summary>
    [Fact]
    public void A_rule_of_many_lists_is_sent_once_and_is_one_rule_again()
    {
        var vms = Enumerable.Range(0, 100).Select(i => Scene.Vm($"vm-{i}", $"t: t{i}", $"10.0.{i / 100}.{i % 100 + 1}"));
        var own = Enumerable.Range(0, 100).Select(i => $"name: own{i}, from: [any], to: [vm/vm-{i}], services: [tcp/{i + 1}], action: allow");
        var shared = Enumerable.Range(0, 50).Select(i => $"name: r{i}, from: [any], to: [any], services: [udp/{i + 1}], action: allow");
        var scene = new Scene(Scene.VmsOf([.. vms]) + Scene.Rules("p", [.. own, .. shared]));
        var message = HostPolicyMessages.ToMessage(scene.Policy);
        Assert.True(scene.Policy.RuleLists.Length > 100 && message.Rules.Count < 400, $"{scene.Policy.RuleLists.Length} lists, {message.Rules.Count} rules");
        var back = HostPolicyMessages.FromMessage(message);
        Assert.Equal(message.Rules.Count, back.RuleLists.SelectMany(l => l.Rules).Distinct(ReferenceEqualityComparer.Instance).Count());
        Assert.Equal(scene.Image.Digest, Merlon.Policy.Compile.ImageCompiler.Compile(back, 0).Image!.Digest);
    }

    /// <summary>The message with its one rule named by index.</summary>
    private static HostPolicyMessage Pool(HostPolicyMessage message, int tier = 2)
    {
        message.Rules.Add(message.RuleLists[0].Rules);
        message.RuleLists[0].Rules.Clear();
        message.RuleLists[0].RuleIndexes.Add(0);
        if (tier == 2) return message;
        var earlier = message.Rules[0].Clone();
        (earlier.Tier, earlier.Rule) = (tier, "earlier");
        message.Rules.Add(earlier);
        return message;
    }

    [Fact]
    public void An_interface_on_no_network_costs_nobody_the_policy()
    {
        var message = Small();
        message.Nics[0].Segment = ""; // hostdev, user mode
        Assert.Equal("", HostPolicyMessages.FromMessage(message).Nics[0].Segment);
    }

    private static HostPolicyMessage OnTrial()
    {
        var message = Small();
        (message.ConfirmBy, message.Fallback) = (5, Small());
        return message;
    }

    private static HostPolicyMessage Broken(HostPolicyMessage message)
    {
        message.Nics[0].Endpoint = 9;
        return message;
    }

    private static HostPolicyMessage Small() => new()
    {
        Sequence = 1,
        Endpoints = { new EndpointMessage { VmUuid = "00000000-0000-0000-0000-000000000001", Vm = "web-1", Tenant = "shop" } },
        Nics = { new NicMessage { Mac = ByteString.CopyFrom(2, 0, 0, 0, 0, 1), Segment = "br0", Guard = new() { In = true, Out = true }, InRules = 1 } },
        Sets = { new EndpointSetMessage { Endpoints = { 0 }, Prefixes = { new PrefixMessage { Network = ByteString.CopyFrom(11, 0, 0, 0), Length = 8 } } } },
        RuleLists =
        {
            new RuleListMessage
            {
                DefaultAction = 2,
                Rules =
                {
                    new RuleMessage
                    {
                        Tenant = "shop", Policy = "p", Rule = "r", Revision = 1, Tier = 2, Action = 1, Remotes = { 0 }, AnyLocal = true,
                        Services = { new ServiceMessage { Protocol = 6, Low = 80, High = 80, SourceHigh = 65535 } },
                    },
                },
            },
            new RuleListMessage { Direction = 1, DefaultAction = 2 },
        },
    };
}
