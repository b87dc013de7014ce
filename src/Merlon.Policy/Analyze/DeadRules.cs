using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Analyze;

/// <summary>Rules without effect at one instant, each with the rules that take its place. Without all of them together every verdict, and what
/// is logged, stays as it is.</summary>
internal sealed class DeadRules
{
    private static readonly HashSet<int> Nothing = [];

    private readonly RuleTable _rules;
    private readonly List<RuleRow> _rows = [];
    private readonly Dictionary<int, List<RuleRow>> _rowsOf = [];
    private readonly int[] _effects, _others, _takers;

    public DeadRules(PreparedRevision revision)
    {
        _rules = revision.Rules;
        var (policy, services) = (revision.Host, new ServiceClasses(_rules.Matches, _rules.WithMostServices));
        var remotes = new RemoteClasses(policy, _rules.UsedSets, revision.Realms, new(revision.Realms.Length));
        var table = new RulesetTable(policy, _rules, remotes);
        var records = new NicRecords(policy, remotes, table);
        foreach (var nic in policy.Nics) records.Of(nic);
        var (classesOfSet, classesOfServices) = (table.ClassesOfSet(), _rules.ClassesOfServices(services.ClassesOf));
        var columns = 1;
        for (var i = 0; i < table.Count; i++)
        {
            var compiler = table.Compiler(i, classesOfSet, classesOfServices, services.Count);
            columns = Math.Max(columns, compiler.Columns);
            Add(compiler, (RuleAction)table.Content(i)[^2]);
        }
        (_effects, _others, _takers) = (new int[columns], new int[columns], new int[columns]);
        Known = [.. _rules.Names];
        Matched = [.. _rowsOf.Where(r => r.Value.Any(row => row.Columns(r.Key).Any())).Select(r => _rules.Names[r.Key])];
        var used = new HashSet<int>();
        foreach (var row in _rows)
            foreach (var observed in new[] { false, true }) row.Walk(observed, Nothing, _effects, _takers, used);
        foreach (var (rule, rows) in _rowsOf.Where(r => !used.Contains(r.Key) && Matched.Contains(_rules.Names[r.Key]))) Shadowed.Add(_rules.Names[rule], Takers(rule, rows, Nothing));
        FindRedundant(revision.Policy, used);
    }

    /// <summary>Rules that judge some guarded VM.</summary>
    public HashSet<RuleRef> Known { get; }

    /// <summary>Rules that any traffic fits.</summary>
    public HashSet<RuleRef> Matched { get; }

    /// <summary>Rules that never decide, and which ones always do before.</summary>
    public Dictionary<RuleRef, RuleRef[]> Shadowed { get; } = [];

    /// <summary>Rules that decide, but whatever comes after does the same, and who that is.</summary>
    public Dictionary<RuleRef, RuleRef[]> Redundant { get; } = [];

    private void Add(RulesetCompiler ruleset, RuleAction fallback)
    {
        foreach (var rules in ruleset.Rows())
        {
            var row = new RuleRow(ruleset, rules, fallback);
            _rows.Add(row);
            foreach (var rule in row.Rules)
            {
                if (!_rowsOf.TryGetValue(rule, out var rows)) _rowsOf.Add(rule, rows = []);
                rows.Add(row);
            }
        }
    }

    /// <summary>One after the other as they judge; those found before are gone for the next, with the shadowed ones and without them.</summary>
    private void FindRedundant(PolicySet policy, HashSet<int> used)
    {
        var numbers = _rules.Names.Select((n, i) => (n, i)).ToDictionary(x => x.n, x => x.i);
        var gone = new HashSet<int>();
        var goneToo = Shadowed.Keys.Select(r => numbers[r]).ToHashSet();
        foreach (var name in policy.Policies.SelectMany(p => p.Document.Rules.Select(p.RefOf)))
        {
            if (!numbers.TryGetValue(name, out var rule) || !used.Contains(rule)) continue;
            if (!_rowsOf[rule].TrueForAll(row => Same(row, gone, rule) && Same(row, goneToo, rule))) continue;
            gone.Add(rule);
            goneToo.Add(rule);
            Redundant.Add(name, Takers(rule, _rowsOf[rule], gone));
        }
    }

    private bool Same(RuleRow row, HashSet<int> without, int rule)
    {
        foreach (var observed in new[] { false, true })
        {
            row.Walk(observed, without, _effects, _takers, null);
            without.Add(rule);
            row.Walk(observed, without, _others, _takers, null);
            without.Remove(rule);
            if (!_effects.AsSpan(0, row.Width).SequenceEqual(_others.AsSpan(0, row.Width))) return false;
        }
        return true;
    }

    private RuleRef[] Takers(int rule, List<RuleRow> rows, HashSet<int> without)
    {
        var found = new SortedSet<RuleRef>();
        foreach (var row in rows)
        {
            row.Walk(withObserved: true, without, _effects, _takers, null);
            foreach (var column in row.Columns(rule)) found.Add(_takers[column] == RuleRow.Default ? RuleRef.Default : _rules.Names[_takers[column]]);
        }
        return [.. found];
    }
}
