using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Distinct rulesets: what a rule list leaves for one own side. Equal ones share one table.</summary>
internal sealed class RulesetTable(HostPolicy policy, RuleTable rules, RemoteClasses remotes)
{
    private readonly Dictionary<(int List, int Local, bool Log), int> _known = [];
    private readonly Numbering<int> _contents = new();
    private readonly List<string> _firstUser = [];
    private readonly bool[] _differs = [.. rules.Lists.Select(l => l.Any(r => !rules.Resolved(r).Rule.AnyLocal))];

    public int Count => _contents.Count;

    /// <summary>Rule numbers in order, then the default action and whether rules' log counts.</summary>
    public int[] Content(int ruleset) => _contents[ruleset];

    /// <summary>Ruleset of a rule list for an own side of that remote class.</summary>
    /// <param name="log">Rules with <c>log</c> make events.</param>
    public int Of(int list, int localClass, bool log, string user)
    {
        var key = (list, _differs[list] ? localClass : -1, log);
        if (_known.TryGetValue(key, out var number)) return number;
        number = Number(Content(rules.Lists[list], remotes.SetsOf(localClass), policy.RuleLists[list].Default, log), user);
        _known.Add(key, number);
        return number;
    }

    /// <summary>The ruleset that denies everything.</summary>
    public int Nothing(bool log, string user) => Number([(int)RuleAction.Deny, log ? 1 : 0], user);

    private ReadOnlySpan<int> Content(int[] list, int[] sets, RuleAction fallback, bool log)
    {
        var (content, count) = (new int[list.Length + 2], 0);
        foreach (var place in list)
        {
            var (number, rule) = rules.Resolved(place);
            if (rule.AnyLocal || rule.Locals.Any(l => Array.BinarySearch(sets, l) >= 0)) content[count++] = number;
        }
        (content[count], content[count + 1]) = ((int)fallback, log ? 1 : 0);
        return content.AsSpan(0, count + 2);
    }

    private int Number(ReadOnlySpan<int> content, string user)
    {
        var number = _contents.Of(content);
        if (number == _firstUser.Count) _firstUser.Add(user);
        return number;
    }

    /// <param name="classesOfServices">Of <see cref="RuleTable.ClassesOfServices"/>.</param>
    public Ruleset[] Compile(int[][] classesOfServices, int serviceClasses)
    {
        var classesOfSet = ClassesOfSet();
        return [.. Enumerable.Range(0, Count).Select(i => Compile(i, classesOfSet, classesOfServices, serviceClasses))];
    }

    /// <summary>One of them.</summary>
    /// <param name="classesOfSet">Of <see cref="ClassesOfSet"/>.</param>
    public Ruleset Compile(int ruleset, int[][] classesOfSet, int[][] classesOfServices, int serviceClasses) =>
        Compiler(ruleset, classesOfSet, classesOfServices, serviceClasses).Compile(() => Who(ruleset));

    /// <summary>The rules of a ruleset, ready to be put in a table or to be looked at.</summary>
    public RulesetCompiler Compiler(int ruleset, int[][] classesOfSet, int[][] classesOfServices, int serviceClasses)
    {
        var content = Content(ruleset);
        var log = content[^1] == 1;
        CompileRule[] mine = [.. content[..^2].Select(n => log || !rules[n].Log ? rules[n] : rules[n] with { Log = false })];
        return new(mine, (RuleAction)content[^2], remotes, classesOfSet, classesOfServices, serviceClasses);
    }

    private string Who(int ruleset) => $"{Content(ruleset).Length - 2} rules that judge {_firstUser[ruleset]}";

    /// <summary>Remote classes that each set holds.</summary>
    public int[][] ClassesOfSet()
    {
        var classes = new List<int>[policy.Sets.Length];
        for (var c = 0; c < remotes.Count; c++)
            foreach (var set in remotes.SetsOf(c)) (classes[set] ??= []).Add(c);
        return [.. classes.Select(c => c?.ToArray() ?? [])];
    }
}
