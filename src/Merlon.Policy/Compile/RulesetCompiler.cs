using System.Numerics;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>An ordered rule list to a table. Rows and columns that nothing tells apart are merged before and after.</summary>
internal sealed class RulesetCompiler
{
    private readonly RemoteClasses _remotes;
    private readonly int[][] _classesOfServices;
    private readonly CompileRule[] _rules;
    private readonly RuleAction _default;
    private readonly Partition _columns;
    private readonly Dictionary<int, ulong[]> _columnsOf = [];
    private readonly Dictionary<int, List<int>> _rulesOfSet = [];
    private readonly List<int> _rulesOfAny = [];
    private readonly int _columnWords;
    private readonly bool _observes;
    private readonly int _named;

    /// <param name="classesOfSet">Remote classes that each set holds.</param>
    /// <param name="classesOfServices">Service classes that each list of services holds.</param>
    public RulesetCompiler(
        CompileRule[] rules, RuleAction fallback, RemoteClasses remotes, int[][] classesOfSet, int[][] classesOfServices, int serviceClasses)
    {
        (_rules, _default, _remotes, _classesOfServices) = (rules, fallback, remotes, classesOfServices);
        _columns = new(serviceClasses);
        foreach (var services in rules.Select(r => r.Services).Distinct()) _columns.Refine(classesOfServices[services]);
        _columns.Close();
        _columnWords = (_columns.Blocks + 63) / 64;
        _observes = rules.Any(r => r.Observed);
        for (var i = 0; i < rules.Length; i++) Index(i, rules[i]);
        _named = Named();
        RowPartition = new(remotes.Count);
        foreach (var set in _rulesOfSet.Keys) RowPartition.Refine(classesOfSet[set]);
    }

    private Partition RowPartition { get; }

    public Ruleset Compile(Func<string> who)
    {
        var rows = new Numbering<ulong>();
        var representatives = RowPartition.Close();
        var rowOfBlock = new int[representatives.Length];
        for (var block = 0; block < representatives.Length; block++)
        {
            rowOfBlock[block] = rows.Of(Row(representatives[block]));
            OverLimitException.Check((long)rows.Count * _columns.Blocks, ImageLimits.CellsOfRuleset, "cells of one ruleset", who);
        }
        var (cells, columnOfBlock, columns) = MergeColumns(rows.All);
        return new(Map(RowPartition.BlockOf, rowOfBlock), Map(_columns.BlockOf, columnOfBlock), cells, rows.Count, columns);
    }

    /// <summary>Bits of the merged service classes.</summary>
    public int Columns => _columns.Blocks;

    /// <summary>Of every class of the other end that the rules tell apart, those that name it, in order; each list once.</summary>
    public IEnumerable<CompileRule[]> Rows()
    {
        var lists = new Numbering<int>();
        foreach (var remoteClass in RowPartition.Close()) lists.Of([.. Matching(Naming(remoteClass)).Distinct()]);
        return lists.All.Select(list => list.Select(i => _rules[i]).ToArray());
    }

    /// <summary>Columns that a rule's services hold, as a bit set.</summary>
    public ReadOnlySpan<ulong> ColumnsOf(CompileRule rule) => _columnsOf[rule.Services];

    private void Index(int index, CompileRule rule)
    {
        if (rule.Remotes is null) _rulesOfAny.Add(index);
        foreach (var set in rule.Remotes ?? [])
        {
            if (!_rulesOfSet.TryGetValue(set, out var rules)) _rulesOfSet.Add(set, rules = []);
            rules.Add(index);
        }
        if (_columnsOf.ContainsKey(rule.Services)) return;
        var bits = new ulong[_columnWords];
        foreach (var service in _classesOfServices[rule.Services])
            bits[_columns.BlockOf[service] >> 6] |= 1UL << (_columns.BlockOf[service] & 63);
        _columnsOf.Add(rule.Services, bits);
    }

    /// <summary>Rules that name the class, not only anybody, by index; one that names several of its sets stands several times, which
    /// changes nothing.</summary>
    private List<int> Naming(int remoteClass)
    {
        var naming = new List<int>();
        foreach (var set in _remotes.SetsOf(remoteClass))
            if (_rulesOfSet.TryGetValue(set, out var rules)) naming.AddRange(rules);
        naming.Sort();
        return naming;
    }

    /// <summary>Those and the ones for anybody, in order. Both lists ascend: no row pays for sorting what all rows share.</summary>
    private IEnumerable<int> Matching(List<int> naming)
    {
        for (int any = 0, mine = 0; any < _rulesOfAny.Count || mine < naming.Count;)
            yield return mine == naming.Count || (any < _rulesOfAny.Count && _rulesOfAny[any] < naming[mine]) ? _rulesOfAny[any++] : naming[mine++];
    }

    private ulong[] Row(int remoteClass)
    {
        var naming = Naming(remoteClass);
        var candidate = Half(naming, withObserved: true);
        var active = _observes ? Half(naming, withObserved: false) : candidate;
        var row = new ulong[_columns.Blocks];
        for (var c = 0; c < row.Length; c++) row[c] = active[c] | (ulong)candidate[c] << 32;
        return row;
    }

    /// <summary>First match decides; pass sets its columns aside until the next tier.</summary>
    private uint[] Half(List<int> naming, bool withObserved)
    {
        var half = new uint[_columns.Blocks];
        var (open, eligible, left) = (AllColumns(), AllColumns(), _named);
        var tier = Tier.Emergency;
        foreach (var index in Matching(naming))
        {
            var rule = _rules[index];
            if (rule.Observed && !withObserved) continue;
            if (rule.Tier != tier) open.CopyTo(eligible, 0);
            tier = rule.Tier;
            var mine = _columnsOf[rule.Services];
            var cell = Cell(rule);
            for (var w = 0; w < open.Length; w++)
            {
                var hit = eligible[w] & mine[w];
                eligible[w] &= ~hit;
                if (rule.Action == RuleAction.Pass) continue;
                open[w] &= ~hit;
                left -= BitOperations.PopCount(hit);
                for (; hit != 0; hit &= hit - 1) half[(w << 6) + BitOperations.TrailingZeroCount(hit)] = cell;
            }
            if (left == 0) break; // all that any rule names is decided: the rest of a long list has no say
        }
        var fallback = ImageLayout.CellRuleDefault | (uint)VerdictOf(_default) << ImageLayout.CellVerdictShift;
        for (var c = 0; c < half.Length; c++)
            if ((open[c >> 6] >> (c & 63) & 1) != 0) half[c] = fallback;
        return half;
    }

    /// <summary>How many columns any rule names.</summary>
    private int Named()
    {
        var named = new ulong[_columnWords];
        foreach (var columns in _columnsOf.Values)
            for (var w = 0; w < named.Length; w++) named[w] |= columns[w];
        return named.Sum(BitOperations.PopCount);
    }

    private static ushort[] Map(int[] blockOf, int[] numberOfBlock)
    {
        var numbers = new ushort[blockOf.Length];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = (ushort)numberOfBlock[blockOf[i]];
        return numbers;
    }

    private ulong[] AllColumns()
    {
        var all = new ulong[_columnWords];
        for (var c = 0; c < _columns.Blocks; c++) all[c >> 6] |= 1UL << (c & 63);
        return all;
    }

    private static uint Cell(CompileRule rule) =>
        (uint)rule.Number | (uint)VerdictOf(rule.Action) << ImageLayout.CellVerdictShift | (rule.Log ? ImageLayout.CellLog : 0);

    private static Verdict VerdictOf(RuleAction action) => action switch
    {
        RuleAction.Allow => Verdict.Allow,
        RuleAction.Reject => Verdict.Reject,
        _ => Verdict.Deny,
    };

    private static (ulong[] Cells, int[] ColumnOf, int Columns) MergeColumns(IReadOnlyList<ulong[]> rows)
    {
        var columns = new Numbering<ulong>();
        var columnOf = new int[rows[0].Length];
        var column = new ulong[rows.Count];
        for (var c = 0; c < columnOf.Length; c++)
        {
            for (var r = 0; r < rows.Count; r++) column[r] = rows[r][c];
            columnOf[c] = columns.Of([.. column]);
        }
        var cells = new ulong[rows.Count * columns.Count];
        for (var c = 0; c < columns.Count; c++)
            for (var r = 0; r < rows.Count; r++) cells[r * columns.Count + c] = columns[c][r];
        return (cells, columnOf, columns.Count);
    }
}
