using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Reachability, for every address and every port: never, or a packet that passes. The same traffic is meant as in
/// <see cref="SemanticDiff"/>. What only built-in rules let pass is no way to reach anybody, unless it is asked for by itself.</summary>
public static class Prover
{
    /// <param name="from"><c>any</c>, a reference of the language, or a bare address or prefix.</param>
    /// <param name="service">A service of the language.</param>
    public static ProveResult Prove(Revision revision, string from, string to, string service, long at)
    {
        if (AskedEnd.Parse(revision, from, out var problem) is not { } source || AskedEnd.Parse(revision, to, out problem) is not { } target
            || AskedService.Parse(revision.Policy, service, out problem) is not { } services) return ProveResult.Refused(problem!);
        try
        {
            var ground = new Ground(revision, revision, at, services, source.Prefixes.Concat(target.Prefixes));
            return new Search(ground, source, target, services).Run(revision, at);
        }
        catch (OverLimitException e)
        {
            return ProveResult.Refused(new("limit", e.Message));
        }
    }

    private sealed class Search(Ground ground, AskedEnd source, AskedEnd target, ImmutableArray<ServiceMatch> services)
    {
        private readonly PlainMembership _members = new(ground.After.Policy);
        private readonly int[] _asked = [.. services.SelectMany(ground.Services.ClassesOf).Distinct().Order()];
        private readonly SortedSet<string> _builtin = new(StringComparer.Ordinal);
        private bool _met;

        public ProveResult Run(Revision revision, long at)
        {
            (AddressLine Line, int From, int To, int Service)? byRules = null, byBuiltin = null;
            foreach (var line in ground.Realms.SelectMany(realm => Ground.Families.Select(family => ground.Line(realm, family))))
            {
                foreach (var (from, to, service, builtin) in Passing(line))
                {
                    if (builtin) byBuiltin ??= (line, from, to, service);
                    else byRules ??= (line, from, to, service);
                    if (byRules is not null) break;
                }
                if (byRules is not null) break;
            }
            if (!_met) return ProveResult.Refused(new("no-traffic", "means no traffic: no member, no VM at either end, no address family in common, or one vNIC at both ends", "at least one end must be a VM of the inventory"));
            var found = byRules ?? (OnlyBuiltins() ? byBuiltin : null);
            if (found is not var (at2, f, t, s)) return new(null, null, null, Assumptions(null));
            var packet = ground.Samples(at2.Family)[s]!.Value;
            var question = new Witness(at2.Realm, LineDiff.Some(at2.Units[f]), LineDiff.Some(at2.Units[t]), packet.Protocol, packet.Destination, packet.Source, default, null, null)
                .Question(revision.Vms, at);
            return new(null, question, PlainEvaluator.Evaluate(revision.Policy, revision.Vms, question), Assumptions(found));
        }

        /// <summary>All that is asked passes by built-in rules, wherever it passes: they are what is meant.</summary>
        private bool OnlyBuiltins() => _asked.All(s => Ground.Families.All(f => ground.Samples(f)[s] is null || ground.IsBuiltin(f, s)));

        private IEnumerable<(int From, int To, int Service, bool Builtin)> Passing(AddressLine line)
        {
            var samples = ground.Samples(line.Family);
            var asked = _asked.Where(s => samples[s] is not null).ToArray();
            var (sources, targets) = (Asked(line, source, senders: true), Asked(line, target, senders: false));
            foreach (var from in sources)
            {
                foreach (var to in targets)
                {
                    if (line.Meeting(from.Units, to.Units) is not var (f, t)) continue;
                    _met |= asked.Length > 0;
                    foreach (var service in asked)
                    {
                        var sides = ground.Judge(ground.After, line.Classes[from.Class].After, line.Classes[to.Class].After, line.Family, line.Classes[to.Class].Group, service);
                        if (!sides.Out.Passes || !sides.In.Passes) continue;
                        foreach (var side in new[] { sides.Out, sides.In }.Where(x => x.IsBuiltin)) _builtin.Add(ground.After.Name(side)!.Value.ToString());
                        yield return (f, t, service, sides.Out.IsBuiltin || sides.In.IsBuiltin);
                    }
                }
            }
        }

        private (int Class, int[] Units)[] Asked(AddressLine line, AskedEnd end, bool senders) =>
            [.. Enumerable.Range(0, line.Units.Length).Where(u => (!senders || line.Classes[line.Units[u].Class].Sends) && end.Holds(_members, line.Units[u]))
                .GroupBy(u => line.Units[u].Class, (kind, units) => (kind, units.ToArray()))];

        private ImmutableArray<string> Assumptions((AddressLine Line, int From, int To, int Service)? found)
        {
            var all = ImmutableArray.CreateBuilder<string>();
            all.Add("first packets only: replies and ICMP errors pass with their connection");
            all.Add("VMs speak from their own addresses (antiSpoof)");
            if (ground.After.Policy.Guards.Any(g => !g.AntiSpoof.Licence.Addresses.IsEmpty))
                all.Add("left out: what VMs send from addresses that their Guards list (antiSpoof.addresses)");
            if (ground.After.Policy.Guards.Any(g => !g.Untracked.IsNone))
                all.Add("left out: what answers a service that passes untracked; it opens nothing, and needs no question");
            if (found is null && _builtin.Count > 0) all.Add($"left out: what passes by {string.Join(", ", _builtin)}");
            return all.ToImmutable();
        }
    }
}
