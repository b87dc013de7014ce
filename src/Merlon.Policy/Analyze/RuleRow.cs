using System.Numerics;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>The rules that name one class of the other end at one own side, in order, and what each leaves to the next.</summary>
internal sealed class RuleRow(RulesetCompiler ruleset, CompileRule[] rules, RuleAction fallback)
{
    /// <summary>The tenant's default, where a rule's number is expected.</summary>
    public const int Default = -1;

    /// <summary>Number of columns.</summary>
    public int Width => ruleset.Columns;

    public IEnumerable<int> Rules => rules.Select(r => r.Number).Distinct();

    /// <summary>Columns that the rule's services hold here.</summary>
    public IEnumerable<int> Columns(int rule) => rules.Where(r => r.Number == rule).SelectMany(r => Bits(ruleset.ColumnsOf(r).ToArray())).Distinct();

    /// <summary>First match decides, pass sets aside until the next tier: as <see cref="RulesetCompiler"/>, rule by rule.</summary>
    /// <param name="without">Rules that are taken for not there.</param>
    /// <param name="effects">By column: what is done and whether it is logged.</param>
    /// <param name="takers">By column: the rule that decided, or the last that passed it on.</param>
    /// <param name="used">Rules that decided about any column or passed one on.</param>
    public void Walk(bool withObserved, HashSet<int> without, int[] effects, int[] takers, HashSet<int>? used)
    {
        var words = (ruleset.Columns + 63) / 64;
        var (open, eligible) = (new ulong[words], new ulong[words]);
        for (var c = 0; c < ruleset.Columns; c++) open[c >> 6] |= 1UL << (c & 63);
        open.CopyTo(eligible, 0);
        Array.Fill(effects, (int)fallback << 1, 0, ruleset.Columns);
        Array.Fill(takers, Default, 0, ruleset.Columns);
        var tier = Tier.Emergency;
        foreach (var rule in rules)
        {
            if ((rule.Observed && !withObserved) || without.Contains(rule.Number)) continue;
            if (rule.Tier != tier) open.CopyTo(eligible, 0);
            tier = rule.Tier;
            var mine = ruleset.ColumnsOf(rule);
            for (var w = 0; w < words; w++)
            {
                var hit = eligible[w] & mine[w];
                if (hit == 0) continue;
                used?.Add(rule.Number);
                eligible[w] &= ~hit;
                if (rule.Action != RuleAction.Pass) open[w] &= ~hit;
                for (; hit != 0; hit &= hit - 1)
                {
                    var column = (w << 6) + BitOperations.TrailingZeroCount(hit);
                    takers[column] = rule.Number;
                    if (rule.Action != RuleAction.Pass) effects[column] = (int)rule.Action << 1 | (rule.Log ? 1 : 0);
                }
            }
        }
    }

    private static IEnumerable<int> Bits(ulong[] words)
    {
        for (var w = 0; w < words.Length; w++)
            for (var bits = words[w]; bits != 0; bits &= bits - 1) yield return (w << 6) + BitOperations.TrailingZeroCount(bits);
    }
}
