using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>All prefixes of the used sets, each before those inside it, and which sets hold an address whose longest prefix it is.</summary>
internal sealed class RegionTree
{
    public RegionTree(ImmutableArray<EndpointSet> sets, IReadOnlyList<int> used)
    {
        var turns = new Dictionary<Prefix, List<(int Set, bool In)>>();
        foreach (var set in used)
        {
            foreach (var prefix in sets[set].Prefixes) Turn(prefix, set, true);
            foreach (var prefix in sets[set].Holes) Turn(prefix, set, false);
        }
        Prefixes = [.. turns.Keys.Order()];
        Parents = new int[Prefixes.Length];
        Sets = new int[Prefixes.Length][];
        for (var i = 0; i < Prefixes.Length; i++)
        {
            var parent = i - 1;
            while (parent >= 0 && !Prefixes[parent].Contains(Prefixes[i])) parent = Parents[parent];
            Parents[i] = parent;
            Sets[i] = Turned(parent < 0 ? [] : Sets[parent], turns[Prefixes[i]]);
        }

        void Turn(Prefix prefix, int set, bool inside)
        {
            if (!turns.TryGetValue(prefix, out var list)) turns.Add(prefix, list = []);
            list.Add((set, inside));
        }
    }

    public Prefix[] Prefixes { get; }

    /// <summary>The next wider prefix, or -1.</summary>
    public int[] Parents { get; }

    /// <summary>Numbers of sets, ascending.</summary>
    public int[][] Sets { get; }

    /// <summary>Sets of an address that nobody owns.</summary>
    public int[] SetsOf(Address address)
    {
        var at = Array.BinarySearch(Prefixes, Prefix.Of(address));
        if (at < 0) at = ~at - 1;
        while (at >= 0 && !Prefixes[at].Contains(address)) at = Parents[at];
        return at < 0 ? [] : Sets[at];
    }

    private static int[] Turned(int[] above, List<(int Set, bool In)> turns)
    {
        var sets = new List<int>(above);
        foreach (var (set, inside) in turns)
        {
            var at = sets.BinarySearch(set);
            if (inside && at < 0) sets.Insert(~at, set);
            else if (!inside && at >= 0) sets.RemoveAt(at);
        }
        return [.. sets];
    }
}
