using System.Collections.Immutable;
using Merlon.Policy.Compile;

namespace Merlon.Policy.Analyze;

/// <summary>Exactly which traffic two revisions answer differently. Traffic is a first packet between addresses of one realm, of which one
/// at least is a VM's; a VM speaks from its own addresses only. ICMP errors and echo replies go with their connection and are left out.</summary>
public static class SemanticDiff
{
    /// <param name="at">Rules are looked at as they are at this instant (Unix seconds).</param>
    public static DiffResult Of(Revision before, Revision after, long at)
    {
        try
        {
            var ground = new Ground(before, after, at, [], []);
            var membership = new Lazy<Resolve.Membership>(() => new(ground.After.Policy, ground.After.Vms));
            var changes = ground.Realms.SelectMany(realm => Ground.Families.Select(family => ground.Line(realm, family)))
                .SelectMany(line => new LineDiff(ground, line, membership).Changes());
            return new([.. OfBothFamilies(changes).OrderBy(c => c.Kind).ThenBy(c => c.Realm, StringComparer.Ordinal)
                .ThenBy(c => c.From.ToString(), StringComparer.Ordinal).ThenBy(c => c.To.ToString(), StringComparer.Ordinal)
                .ThenBy(c => c.Services.ToString(), StringComparer.Ordinal).ThenBy(c => c.Families[0])]);
        }
        catch (OverLimitException e)
        {
            return new([], e.Message);
        }
    }

    /// <summary>What is the same in words for IPv4 and IPv6 is told once.</summary>
    private static IEnumerable<TrafficChange> OfBothFamilies(IEnumerable<TrafficChange> changes) =>
        changes.GroupBy(c => (c.Kind, c.Realm, From: c.From.ToString(), To: c.To.ToString(), Services: c.Services.ToString(), Old: c.Before.Verdict, New: c.After.Verdict, WasUntracked: c.Before.Untracked, IsUntracked: c.After.Untracked))
            .Select(g => g.First() with
            {
                Families = [.. g.SelectMany(c => c.Families).Distinct().Order()],
                Before = Union(g.Select(c => c.Before)),
                After = Union(g.Select(c => c.After)),
            });

    private static Decision Union(IEnumerable<Decision> decisions) =>
        decisions.First() with { Rules = [.. decisions.SelectMany(d => d.Rules).Distinct().Order()] };
}
