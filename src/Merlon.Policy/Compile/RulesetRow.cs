using System.Numerics;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Makes the rows of one ruleset. In each tier the first match decides, and a pass leaves its columns to the next. What the rules
/// for anybody say is the same in every row and worked out once; a row only reads the rules that name its class.</summary>
internal sealed class RulesetRow
{
    /// <summary>No rule.</summary>
    private const int None = int.MaxValue;

    private readonly CompileRule[] _rules;
    private readonly uint _fallback;
    private readonly ulong[]?[] _columnsOf;
    private readonly Half[] _halves;
    private readonly Patch[] _patches;
    private readonly ulong[] _touched;

    /// <param name="columnsOf">Columns of each list of services that rules name, as bits.</param>
    public RulesetRow(CompileRule[] rules, RuleAction fallback, ulong[]?[] columnsOf, int columns)
    {
        (_rules, _columnsOf) = (rules, columnsOf);
        _fallback = ImageLayout.CellRuleDefault | (uint)VerdictOf(fallback) << ImageLayout.CellVerdictShift;
        var ends = new List<int>();
        for (var i = 1; i <= rules.Length; i++)
            if (i == rules.Length || rules[i].Tier != rules[i - 1].Tier) ends.Add(i);
        _halves = rules.Any(r => r.Observed) ? [new(false, [.. ends]), new(true, [.. ends])] : [new(true, [.. ends])];
        foreach (var half in _halves)
        {
            for (int tier = 0, start = 0; tier < ends.Count; start = ends[tier++]) half.FirstOfAny[tier] = FirstOfAny(start, ends[tier], half, columns);
            half.Begin();
        }
        (Base, _patches, _touched) = (new ulong[columns], new Patch[columns], new ulong[(columns + 63) / 64]);
        for (var c = 0; c < columns; c++) Base[c] = Cell(c);
    }

    /// <summary>Active and candidate verdict by column of a row that no rule names.</summary>
    public ulong[] Base { get; }

    /// <summary>Where a row differs from <see cref="Base"/>. Valid until the next call.</summary>
    /// <param name="naming">Indexes of the rules that name the class, ascending.</param>
    public ReadOnlySpan<Patch> Patches(List<int> naming)
    {
        foreach (var index in naming)
        {
            var mine = _columnsOf[_rules[index].Services]!;
            foreach (var half in _halves)
                if (half.Counts(_rules[index])) Put(half.First[half.TierOf(index)], index, mine);
            for (var w = 0; w < mine.Length; w++) _touched[w] |= mine[w];
        }
        var count = 0;
        for (var w = 0; w < _touched.Length; w++)
        {
            for (var bits = _touched[w]; bits != 0; bits &= bits - 1)
            {
                var column = (w << 6) + BitOperations.TrailingZeroCount(bits);
                var cell = Cell(column);
                if (cell != Base[column]) _patches[count++] = new(column, cell);
                foreach (var half in _halves) half.Forget(column);
            }
            _touched[w] = 0;
        }
        return _patches.AsSpan(0, count);
    }

    /// <summary>The rule is the first at some column of some row: none for anybody stands before it everywhere.</summary>
    public bool Matters(int index)
    {
        var mine = _columnsOf[_rules[index].Services]!;
        foreach (var half in _halves)
        {
            if (!half.Counts(_rules[index])) continue;
            var first = half.FirstOfAny[half.TierOf(index)];
            for (var w = 0; w < mine.Length; w++)
                for (var bits = mine[w]; bits != 0; bits &= bits - 1)
                    if (index < first[(w << 6) + BitOperations.TrailingZeroCount(bits)]) return true;
        }
        return false;
    }

    /// <summary>The first rule for anybody at each column; of thousands with the same services only the first has a say.</summary>
    private int[] FirstOfAny(int start, int end, Half half, int columns)
    {
        var first = new int[columns];
        Array.Fill(first, None);
        var seen = new bool[_columnsOf.Length];
        for (var i = start; i < end; i++)
        {
            var rule = _rules[i];
            if (rule.Remotes is not null || !half.Counts(rule) || seen[rule.Services]) continue;
            seen[rule.Services] = true;
            Put(first, i, _columnsOf[rule.Services]!);
        }
        return first;
    }

    /// <summary>Puts the rule where none before it holds a column.</summary>
    private static void Put(int[] first, int index, ulong[] columns)
    {
        for (var w = 0; w < columns.Length; w++)
            for (var bits = columns[w]; bits != 0; bits &= bits - 1)
                if ((w << 6) + BitOperations.TrailingZeroCount(bits) is var column && index < first[column]) first[column] = index;
    }

    private ulong Cell(int column) => Decide(_halves[0], column) | (ulong)Decide(_halves[^1], column) << 32;

    private uint Decide(Half half, int column)
    {
        foreach (var first in half.First)
            if (first[column] != None && _rules[first[column]] is { Action: not RuleAction.Pass } rule)
                return (uint)rule.Number | (uint)VerdictOf(rule.Action) << ImageLayout.CellVerdictShift | (rule.Log ? ImageLayout.CellLog : 0);
        return _fallback;
    }

    private static Verdict VerdictOf(RuleAction action) => action switch
    {
        RuleAction.Allow => Verdict.Allow,
        RuleAction.Reject => Verdict.Reject,
        _ => Verdict.Deny,
    };

    /// <summary>The active or the candidate verdict of a row in the making.</summary>
    /// <param name="ends">Where the rules of each tier end.</param>
    private sealed class Half(bool withObserved, int[] ends)
    {
        /// <summary>By tier and column: the first rule for anybody.</summary>
        public int[][] FirstOfAny { get; } = new int[ends.Length][];

        /// <summary>By tier and column: the first rule of the row.</summary>
        public int[][] First { get; } = new int[ends.Length][];

        public bool Counts(CompileRule rule) => withObserved || !rule.Observed;

        public void Begin()
        {
            for (var tier = 0; tier < ends.Length; tier++) First[tier] = [.. FirstOfAny[tier]];
        }

        public int TierOf(int index)
        {
            var tier = 0;
            while (ends[tier] <= index) tier++;
            return tier;
        }

        /// <summary>The column is as it was without the row's own rules.</summary>
        public void Forget(int column)
        {
            for (var tier = 0; tier < ends.Length; tier++) First[tier][column] = FirstOfAny[tier][column];
        }
    }
}
