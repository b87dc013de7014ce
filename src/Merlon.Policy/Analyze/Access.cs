using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Everything that passes from or to one end, exactly: the same traffic as in <see cref="SemanticDiff"/>. What only built-in rules let
/// pass is left out, as in <see cref="Prover"/>.</summary>
public static class Access
{
    /// <param name="who"><c>any</c>, a reference of the language, or a bare address or prefix.</param>
    /// <param name="direction">Out: what it can reach. In: who can reach it.</param>
    /// <param name="at">Rules are looked at as they are at this instant (Unix seconds).</param>
    public static AccessResult Of(Revision revision, string who, Direction direction, long at)
    {
        if (AskedEnd.Parse(revision, who, out var problem) is not { } asked) return new(problem, []);
        try
        {
            var ground = new Ground(revision, revision, at, [], asked.Prefixes);
            var membership = new Resolve.Membership(revision.Policy, revision.Vms);
            var boxes = ground.Realms.SelectMany(realm => Ground.Families.Select(family => ground.Line(realm, family)))
                .SelectMany(line => new Search(ground, line, membership, asked, direction).Boxes());
            return new(null, [.. OfBothFamilies(boxes).OrderBy(b => b.Realm, StringComparer.Ordinal).ThenBy(b => b.From.ToString(), StringComparer.Ordinal)
                .ThenBy(b => b.To.ToString(), StringComparer.Ordinal).ThenBy(b => b.Services.ToString(), StringComparer.Ordinal).ThenBy(b => b.Families[0])]);
        }
        catch (OverLimitException e)
        {
            return new(new("limit", e.Message), []);
        }
    }

    /// <summary>What is the same in words for IPv4 and IPv6 is told once.</summary>
    private static IEnumerable<AccessBox> OfBothFamilies(IEnumerable<AccessBox> boxes) =>
        boxes.GroupBy(b => (b.Realm, From: b.From.ToString(), To: b.To.ToString(), Services: b.Services.ToString())).Select(g => g.First() with
        {
            Families = [.. g.SelectMany(b => b.Families).Distinct().Order()],
            Rules = [.. g.SelectMany(b => b.Rules).Distinct().Order()],
        });

    private sealed class Search(Ground ground, AddressLine line, Resolve.Membership membership, AskedEnd asked, Direction direction)
    {
        private readonly (int Protocol, int Destination, int Source)?[] _samples = ground.Samples(line.Family);
        private readonly Numbering<int> _services = new();
        private readonly Dictionary<int, List<Pair>> _pairs = [];

        public IEnumerable<AccessBox> Boxes()
        {
            var members = new PlainMembership(ground.After.Policy);
            var mine = Enumerable.Range(0, line.Units.Length).Where(u => asked.Holds(members, line.Units[u])).GroupBy(u => line.Units[u].Class).ToDictionary(g => g.Key, g => g.ToArray());
            var (sources, targets) = direction == Direction.Out ? (mine, All()) : (All(), mine);
            foreach (var (from, senders) in sources.Where(s => line.Classes[s.Key].Sends))
                foreach (var (to, receivers) in targets)
                    if (line.Meeting(senders, receivers) is not null) Look(from, senders, to, receivers);
            if (_pairs.Count == 0) yield break;
            var names = new EndNames(line, ground.After, membership, ground.Prefixes(line.Family));
            foreach (var (services, pairs) in _pairs)
            {
                var alike = new Numbering<int>();
                foreach (var box in pairs.GroupBy(p => p.From).GroupBy(f => alike.Of([.. f.Select(p => p.To)])))
                    yield return Box(names, services, [.. box.SelectMany(f => f)]);
            }
        }

        private Dictionary<int, int[]> All() => Enumerable.Range(0, line.Classes.Length).ToDictionary(c => c, c => line.Members[c]);

        private void Look(int from, int[] senders, int to, int[] receivers)
        {
            var (source, target) = (line.Classes[from], line.Classes[to]);
            var inside = new bool[_samples.Length];
            var sides = new HashSet<Side>();
            for (var service = 0; service < _samples.Length; service++)
            {
                if (_samples[service] is null) continue;
                var (output, input) = ground.Judge(ground.After, source.After, target.After, line.Family, target.Group, service);
                if (!output.Passes || !input.Passes || output.IsBuiltin || input.IsBuiltin) continue;
                inside[service] = true;
                sides.Add(output);
                sides.Add(input);
            }
            if (sides.Count == 0) return;
            ground.Services.Fill(inside, ground.Free(line.Family, target.Group, source.After.Out >= 0, target.After.In >= 0), line.Family);
            var key = _services.Of([.. Enumerable.Range(0, inside.Length).Where(c => inside[c])]);
            if (!_pairs.TryGetValue(key, out var pairs)) _pairs.Add(key, pairs = []);
            pairs.Add(new(from, senders, to, receivers, sides));
        }

        private AccessBox Box(EndNames names, int services, Pair[] pairs)
        {
            var inside = new bool[_samples.Length];
            foreach (var service in _services[services]) inside[service] = true;
            return new(line.Realm, [line.Family],
                names.Of(pairs.DistinctBy(p => p.From).SelectMany(p => p.Senders), senders: true),
                names.Of(pairs.DistinctBy(p => p.To).SelectMany(p => p.Receivers), senders: false),
                ground.Services.Name(inside, line.Family),
                [.. pairs.SelectMany(p => p.Sides).Distinct().Select(s => ground.After.Name(s)).OfType<RuleRef>().Distinct().Order()]);
        }

        private sealed record Pair(int From, int[] Senders, int To, int[] Receivers, HashSet<Side> Sides);
    }
}
