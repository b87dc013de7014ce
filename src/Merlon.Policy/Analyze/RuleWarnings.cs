using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Rules that do nothing, for these VMs: shadowed, redundant, never matching. Exact; a rule that matters at any later instant at
/// which another one ends is not told of.</summary>
public static class RuleWarnings
{
    /// <summary>Instants looked at: beyond them only rules that never match are told of.</summary>
    private const int MostInstants = 16;

    private const int MostNames = 3;

    /// <summary>Warnings in order of place; none without VMs, and none over a limit (compiling says which).</summary>
    public static ImmutableArray<Diagnostic> Of(Revision revision, long at)
    {
        if (revision.Vms.Nics.IsEmpty) return [];
        try
        {
            return Find(revision, at);
        }
        catch (OverLimitException)
        {
            return [];
        }
    }

    private static ImmutableArray<Diagnostic> Find(Revision revision, long at)
    {
        var instants = new List<DeadRules>();
        for (long? next = at; next is { } instant && instants.Count <= MostInstants;)
        {
            var prepared = new PreparedRevision(revision, instant);
            instants.Add(new(prepared));
            next = prepared.Host.NextChange(instant);
        }
        var findings = new Findings();
        foreach (var policy in revision.Policy.Policies)
            foreach (var rule in policy.Document.Rules) Look(policy.RefOf(rule), rule);
        return findings.InOrder();

        void Look(RuleRef name, PolicyRule rule)
        {
            var text = $"rule {name.Tenant}/{name.Policy}/{name.Rule}";
            var alive = instants.Where(d => d.Known.Contains(name)).ToArray();
            if (rule.ExpiresAt <= at) findings.Warning("rule-never-matches", rule.Position, $"{text} has expired", "remove it");
            else if (alive.Length == 0) findings.Warning("rule-never-matches", rule.Position, $"{text} never matches: it judges no guarded VM", "no guarded VM is in from or to, or appliesTo leaves none");
            else if (!alive[0].Matched.Contains(name)) findings.Warning("rule-never-matches", rule.Position, $"{text} never matches: nobody is at its other end");
            else if (instants.Count <= MostInstants && alive.All(d => d.Shadowed.ContainsKey(name)))
                findings.Warning("rule-shadowed", rule.Position, $"{text} never decides", "before it: " + Names(alive[0].Shadowed[name]));
            else if (instants.Count <= MostInstants && alive.All(d => d.Redundant.ContainsKey(name)))
                findings.Warning("rule-redundant", rule.Position, $"{text} changes nothing", "without it the same is done by " + Names(alive[0].Redundant[name]));
        }

        string Names(RuleRef[] rules) => string.Join(", ", rules.Take(MostNames).Select(Place)) + (rules.Length > MostNames ? $" and {rules.Length - MostNames} more" : "");

        string Place(RuleRef rule) => RulePlaces.Of(revision.Policy, rule) is { } p
            ? FormattableString.Invariant($"{rule.Tenant}/{rule.Policy}/{rule.Rule} ({p.File}:{p.Line})") : rule == RuleRef.Default ? "the default" : rule.ToString();
    }
}
