using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>An ordered rule list to a table. Rows and columns that nothing tells apart are merged before and after.</summary>
internal sealed class RulesetCompiler
{
    private readonly RemoteClasses _remotes;
    private readonly int[][] _classesOfSet;
    private readonly CompileRule[] _rules;
    private readonly RuleAction _default;
    private readonly Partition _columns;
    private readonly ulong[]?[] _columnsOf;

    /// <param name="classesOfSet">Remote classes that each set holds.</param>
    /// <param name="classesOfServices">Service classes that each list of services holds.</param>
    public RulesetCompiler(
        CompileRule[] rules, RuleAction fallback, RemoteClasses remotes, int[][] classesOfSet, int[][] classesOfServices, int serviceClasses)
    {
        (_rules, _default, _remotes, _classesOfSet) = (rules, fallback, remotes, classesOfSet);
        _columns = new(serviceClasses);
        _columnsOf = new ulong[classesOfServices.Length][];
        foreach (var rule in rules)
        {
            if (_columnsOf[rule.Services] is not null) continue;
            _columns.Refine(classesOfServices[rule.Services]);
            _columnsOf[rule.Services] = [];
        }
        _columns.Close();
        for (var services = 0; services < _columnsOf.Length; services++)
            if (_columnsOf[services] is not null) _columnsOf[services] = Bits(classesOfServices[services]);
    }

    public Ruleset Compile(Func<string> who)
    {
        var rows = new Numbering<Patch>(); // the first is that of class 0, which is in no set
        var row = new RulesetRow(_rules, _default, _columnsOf, _columns.Blocks);
        var naming = new NamingRules(_rules, row.Matters, _classesOfSet.Length);
        var partition = naming.Partition(_remotes.Count, _classesOfSet);
        var representatives = partition.Close();
        var rowOfBlock = new int[representatives.Length];
        for (var block = 0; block < representatives.Length; block++)
        {
            rowOfBlock[block] = rows.Of(row.Patches(naming.Of(_remotes.SetsOf(representatives[block]))));
            OverLimitException.Check((long)rows.Count * _columns.Blocks, ImageLimits.CellsOfRuleset, "cells of one ruleset", who);
        }
        var cells = new CellTable(row.Base, rows.All);
        return new(new(partition.BlockOf, rowOfBlock), new(_columns.BlockOf, cells.ColumnOf), cells);
    }

    /// <summary>Bits of the merged service classes.</summary>
    public int Columns => _columns.Blocks;

    /// <summary>Of every class of the other end that the rules tell apart, those that name it, in order; each list once.</summary>
    public IEnumerable<CompileRule[]> Rows()
    {
        var lists = new Numbering<int>();
        var naming = new NamingRules(_rules, _ => true, _classesOfSet.Length);
        int[] any = [.. Enumerable.Range(0, _rules.Length).Where(i => _rules[i].Remotes is null)];
        foreach (var remoteClass in naming.Partition(_remotes.Count, _classesOfSet).Close())
            lists.Of([.. naming.Of(_remotes.SetsOf(remoteClass)).Concat(any).Distinct().Order()]);
        return lists.All.Select(list => list.Select(i => _rules[i]).ToArray());
    }

    /// <summary>Columns that a rule's services hold, as a bit set.</summary>
    public ReadOnlySpan<ulong> ColumnsOf(CompileRule rule) => _columnsOf[rule.Services];

    private ulong[] Bits(int[] classes)
    {
        var bits = new ulong[(_columns.Blocks + 63) / 64];
        foreach (var service in classes) bits[_columns.BlockOf[service] >> 6] |= 1UL << (_columns.BlockOf[service] & 63);
        return bits;
    }
}
