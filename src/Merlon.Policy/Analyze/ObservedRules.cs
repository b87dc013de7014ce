using System.Collections.Immutable;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Allow rules that let more pass than was seen: services, ports or ends that nobody used. Traffic is judged by the present policy,
/// so a rule answers for what it allows now, whatever allowed it then. Rules that only observe, have ended or are protected are not asked.</summary>
public static class ObservedRules
{
    /// <param name="seen">First packets of recorded and of live connections.</param>
    /// <param name="span">How long was looked, for people: <c>7 days</c>.</param>
    public static ObservedResult Of(Revision revision, IEnumerable<FlowQuestion> seen, string span, long at)
    {
        var enforced = PolicySet.Build(revision.Policy.Documents.Where(d => d.Document is not PolicyDocument { Enforcement: Enforcement.Observe }), WithoutGuards.GuardNone).Set ?? revision.Policy;
        var used = Used(CaseRunner.ImageEngine(enforced, revision.Vms), seen);
        var logged = new LoggedRules(new PreparedRevision(new(enforced, revision.Vms), at).Host);
        var narrow = new NarrowEnds(revision);
        var (findings, looked, leftOut) = (new Findings(), 0, 0);
        foreach (var policy in enforced.Policies.Where(p => !p.Document.Protected))
        {
            foreach (var rule in policy.Document.Rules.Where(r => r.Action == RuleAction.Allow && r.IsThere(at)))
            {
                var name = policy.RefOf(rule);
                if (!logged.Judges(name)) continue;
                if (!logged.HasAll(name, rule, enforced.Matches(policy.Document.Tenant, rule.Services)))
                {
                    leftOut++;
                    continue;
                }
                looked++;
                var text = $"rule {name.Tenant}/{name.Policy}/{name.Rule}";
                if (!used.TryGetValue(name, out var packets))
                    findings.Warning("rule-wider-than-observed", rule.Position, $"{text} allowed nothing that was seen in {span}", "is it needed?");
                else if (new RuleUse(enforced, policy.Document.Tenant, rule, packets, narrow).Wider() is { Count: > 0 } wider)
                    findings.Warning("rule-wider-than-observed", rule.Position, $"{text} allows more than was seen in {span}", string.Join("; ", wider));
            }
        }
        return new(findings.InOrder(), looked, leftOut);
    }

    private static Dictionary<RuleRef, HashSet<FlowQuestion>> Used(Func<FlowQuestion, FlowVerdict> judge, IEnumerable<FlowQuestion> seen)
    {
        var used = new Dictionary<RuleRef, HashSet<FlowQuestion>>();
        foreach (var packet in seen.Distinct())
        {
            var flow = judge(packet);
            if (flow.Verdict != Verdict.Allow) continue;
            foreach (var rule in new[] { flow.OutRule, flow.InRule }.OfType<RuleRef>())
            {
                if (!used.TryGetValue(rule, out var packets)) used.Add(rule, packets = []);
                packets.Add(packet);
            }
        }
        return used;
    }

    /// <summary>Which rules judge anybody, and whether the log has all that they let pass.</summary>
    private sealed class LoggedRules
    {
        private readonly Dictionary<RuleRef, HashSet<NicGuard>> _guards = [];

        public LoggedRules(HostPolicy host)
        {
            foreach (var nic in host.Nics)
                foreach (var rule in host.RuleLists[nic.OutRules].Rules.Concat(host.RuleLists[nic.InRules].Rules))
                {
                    if (!_guards.TryGetValue(rule.Rule, out var guards)) _guards.Add(rule.Rule, guards = new(ReferenceEqualityComparer.Instance));
                    guards.Add(nic.Guard);
                }
        }

        public bool Judges(RuleRef name) => _guards.ContainsKey(name);

        /// <summary>What passes without a connection is not told.</summary>
        public bool HasAll(RuleRef name, PolicyRule rule, ImmutableArray<ServiceMatch> services) => _guards[name].All(g =>
            (g.Log == LogLevel.All || (g.Log == LogLevel.Rules && rule.Log)) && !services.Any(g.Untracked.Touches));
    }
}
