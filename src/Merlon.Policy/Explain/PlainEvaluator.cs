using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>The deliberately simple reading of the language, straight from model and inventory: the truth that the compiler is tested
/// against. It uses nothing of the rooms that resolve and compile.</summary>
public static class PlainEvaluator
{
    public static PlainAnswer Evaluate(PolicySet policy, VmInventory inventory, FlowQuestion question)
    {
        var parties = FlowParties.Of(inventory, question);
        var (source, destination) = (Guard(policy, parties.From), Guard(policy, parties.To));
        var near = parties.Near(source is { Trunk: true }, destination is { Trunk: true });
        var (asker, server) = Roles(policy, source, destination, near, question);
        var hops = ImmutableArray.CreateBuilder<PlainHop>();
        if (source is { Out: true })
        {
            var remote = PlainParty.At(inventory, parties.From!.Nic.Realm, question.To.Address);
            hops.Add(asker == UntrackedRole.Serves ? Reversed(Direction.Out, parties.From, source)
                : Hop(policy, Direction.Out, parties.From, source, PlainParty.Of(parties.From, question.From.Address), remote, question, asker));
        }
        if (destination is { In: true } && hops.All(h => h.Side.Passes))
        {
            var known = source is not null && near;
            var remote = known ? PlainParty.Of(parties.From!, question.From.Address)
                : PlainParty.At(inventory, parties.To!.Nic.Realm, question.From.Address);
            hops.Add(server == UntrackedRole.Asks ? Reversed(Direction.In, parties.To!, destination)
                : Hop(policy, Direction.In, parties.To!, destination, PlainParty.Of(parties.To!, question.To.Address), remote, question, server));
        }
        var flow = FlowVerdict.Of(
            hops.FirstOrDefault(h => h.Direction == Direction.Out)?.Side, hops.FirstOrDefault(h => h.Direction == Direction.In)?.Side,
            source is not null || destination is not null);
        return new(flow.Verdict, flow.Reason, hops.ToImmutable());
    }

    /// <summary>What the two ends are to a packet that needs no connection. Two that see each other must agree, else it is tracked.</summary>
    private static (UntrackedRole From, UntrackedRole To) Roles(PolicySet policy, PlainGuard? from, PlainGuard? to, bool near, FlowQuestion question)
    {
        if (question.Protocol != Protocols.Tcp) return default;
        var (source, destination) = (Role(from, question.SourcePort, question.DestinationPort), Role(to, question.DestinationPort, question.SourcePort));
        var agreed = (source, destination) is (UntrackedRole.Serves, UntrackedRole.Asks) or (UntrackedRole.Asks, UntrackedRole.Serves);
        return from is not null && to is not null && near && !agreed ? default : (source, destination);

        UntrackedRole Role(PlainGuard? guard, int own, int other)
        {
            if (guard is null) return UntrackedRole.None;
            var (serves, asks) = (Lists(guard.Untracked.Serves, own), Lists(guard.Untracked.Asks, other));
            return serves == asks ? UntrackedRole.None : serves ? UntrackedRole.Serves : UntrackedRole.Asks;
        }

        bool Lists(ImmutableArray<ServiceTerm> services, int port) => policy.Matches(Document.Platform, services).Any(s => port >= s.Low && port <= s.High);
    }

    /// <summary>What the vNIC's Guard says; null = not guarded.</summary>
    private static PlainGuard? Guard(PolicySet policy, VmNic? nic)
    {
        if (nic is null) return null;
        if (policy.GuardsAll) return new(true, true, false, false, UntrackedServices.None);
        return GuardOf(policy, nic) is not { } guard ? null : new(guard.Out, guard.In, guard.Mode == Enforcement.Observe, guard.Frames.IsTrunk, guard.Untracked);
    }

    /// <summary>The Guard that guards the vNIC; null = none does.</summary>
    internal static GuardDocument? GuardOf(PolicySet policy, VmNic? nic)
    {
        if (nic is null) return null;
        var membership = new PlainMembership(policy);
        return policy.Guards.FirstOrDefault(g => membership.Binds(g, nic)) is { Exclude: false } guard ? guard : null;
    }

    /// <summary>Is the vNIC guarded at all?</summary>
    internal static bool IsGuarded(PolicySet policy, VmNic? nic) => Guard(policy, nic) is not null;

    private static PlainHop Hop(
        PolicySet policy, Direction direction, VmNic nic, PlainGuard guard, PlainParty local, PlainParty remote, FlowQuestion question, UntrackedRole role)
    {
        if (BuiltinRules.Of(question.To.Address, question.Protocol, question.DestinationPort, question.SourcePort, direction) is { } builtin)
            return Hop(direction, nic, SideVerdict.Builtin(builtin), null);
        var active = First(policy, direction, nic, local, remote, question, withObserved: false);
        var candidate = First(policy, direction, nic, local, remote, question, withObserved: true);
        var observes = guard.Observe && active.Verdict != Verdict.Allow;
        var side = new SideVerdict(observes ? Verdict.Allow : active.Verdict, observes ? null : active.Name, candidate.Verdict, candidate.Name) { Untracked = role != UntrackedRole.None };
        var shown = side.Rule == candidate.Name ? candidate.Rule : side.Rule is null ? null : active.Rule;
        return Hop(direction, nic, side, shown);
    }

    private static PlainHop Reversed(Direction direction, VmNic nic, PlainGuard guard) => Hop(direction, nic, SideVerdict.Reversed(guard.Observe), null);

    private static PlainHop Hop(Direction direction, VmNic nic, SideVerdict side, (Tier Tier, Position At)? rule) =>
        new(direction, nic.Key, nic.Vm.Name, side, side.Reason, rule?.Tier, rule?.At.File, rule?.At.Line);

    /// <summary>Top down: the first matching rule, pass skips the rest of its tier, in the end the default.</summary>
    private static (Verdict Verdict, RuleRef Name, (Tier, Position)? Rule) First(
        PolicySet policy, Direction direction, VmNic nic, PlainParty local, PlainParty remote, FlowQuestion question, bool withObserved)
    {
        Tier? passed = null;
        foreach (var stored in policy.Policies)
        {
            var document = stored.Document;
            if (!stored.Binds(nic.Vm.Tenant) || document.Tier == passed) continue;
            if (document.Enforcement == Enforcement.Observe && !withObserved) continue;
            foreach (var rule in document.Rules)
            {
                if (!Matches(policy, document.Tenant, rule, direction, nic, local, remote, question)) continue;
                if (rule.Action != RuleAction.Pass) return (Of(rule.Action), stored.RefOf(rule), (document.Tier, rule.Position));
                passed = document.Tier;
                break;
            }
        }
        return (Of(policy.Default(nic.Vm.Tenant, direction)), RuleRef.Default, null);
    }

    private static bool Matches(
        PolicySet policy, string tenant, PolicyRule rule, Direction direction, VmNic nic, PlainParty local, PlainParty remote, FlowQuestion question)
    {
        var members = new PlainMembership(policy);
        var (own, other) = direction == Direction.Out ? (rule.From, rule.To) : (rule.To, rule.From);
        return rule.IsThere(question.At)
            && policy.Matches(tenant, rule.Services).Any(s => s.Matches(question.Protocol, question.DestinationPort, question.SourcePort))
            && members.Any(tenant, own, local)
            && members.Any(tenant, other, remote)
            && (rule.AppliesTo is not { } only || members.AnyOfNic(tenant, only, nic));
    }

    private static Verdict Of(RuleAction action) => action switch
    {
        RuleAction.Allow => Verdict.Allow,
        RuleAction.Reject => Verdict.Reject,
        _ => Verdict.Deny,
    };

    private sealed record PlainGuard(bool Out, bool In, bool Observe, bool Trunk, UntrackedServices Untracked);
}
