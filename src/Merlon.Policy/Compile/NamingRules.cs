namespace Merlon.Policy.Compile;

/// <summary>The rules of one list that name sets, by set: which of them name a class of the other end.</summary>
internal sealed class NamingRules
{
    private readonly int[] _lastOfSet;
    private readonly List<(int Rule, int Before)> _rules = [];
    private readonly List<int> _sets = [];
    private readonly List<int> _naming = [];

    /// <param name="matters">By index: what is left out changes no row.</param>
    /// <param name="sets">How many there are.</param>
    public NamingRules(CompileRule[] rules, Func<int, bool> matters, int sets)
    {
        _lastOfSet = new int[sets];
        Array.Fill(_lastOfSet, -1);
        for (var i = 0; i < rules.Length; i++)
            if (rules[i].Remotes is { } remotes && matters(i))
                foreach (var set in remotes) Add(set, i);
    }

    /// <summary>Indexes of the rules, ascending, of a class that is in <paramref name="sets"/>; one that names several of them stands
    /// several times. Valid until the next call.</summary>
    public List<int> Of(int[] sets)
    {
        _naming.Clear();
        foreach (var set in sets)
            for (var at = _lastOfSet[set]; at >= 0; at = _rules[at].Before) _naming.Add(_rules[at].Rule);
        _naming.Sort();
        return _naming;
    }

    /// <summary>Remote classes that the named sets tell apart.</summary>
    public Partition Partition(int classes, int[][] classesOfSet)
    {
        var partition = new Partition(classes);
        foreach (var set in _sets) partition.Refine(classesOfSet[set]);
        return partition;
    }

    private void Add(int set, int rule)
    {
        if (_lastOfSet[set] < 0) _sets.Add(set);
        _rules.Add((rule, _lastOfSet[set]));
        _lastOfSet[set] = _rules.Count - 1;
    }
}
