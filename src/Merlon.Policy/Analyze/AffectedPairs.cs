namespace Merlon.Policy.Analyze;

/// <summary>Pairs of end classes between which anything may have changed: found by comparing rows of those tables that are not the same in
/// both revisions, so the cost follows the difference, not the square of all ends.</summary>
internal sealed class AffectedPairs(Ground ground, AddressLine line)
{
    private readonly HashSet<(int From, int To)> _pairs = [];

    /// <summary>Ascending.</summary>
    public IEnumerable<(int From, int To)> All()
    {
        var classes = Enumerable.Range(0, line.Classes.Length).ToArray();
        Add(classes, c => line.Classes[c].Out, classes, (own, other) => _pairs.Add((own, other)));
        Add(classes, c => line.Classes[c].In, classes, (own, other) => _pairs.Add((other, own)));
        foreach (var own in classes.Where(c => line.Classes[c].Lists))
            foreach (var other in classes.Where(c => line.Classes[c].TracksOtherwise || line.Classes[own].TracksOtherwise))
            {
                _pairs.Add((own, other));
                _pairs.Add((other, own));
            }
        return _pairs.Where(p => line.Classes[p.From].Sends && (line.Classes[p.From].Owned || line.Classes[p.To].Owned)).Order();
    }

    private void Add(int[] owners, Func<int, (int Before, bool BeforeObserved, int After, bool AfterObserved)> side, int[] others, Action<int, int> add)
    {
        var remotes = others.ToLookup(c => line.Classes[c].Remote);
        foreach (var judged in owners.GroupBy(side))
        {
            if (IsSame(judged.Key)) continue;
            foreach (var other in Differing(judged.Key, [.. remotes.Select(r => r.Key)]).SelectMany(r => remotes[r]))
                foreach (var owner in judged) add(owner, other);
        }
    }

    private bool IsSame((int Before, bool BeforeObserved, int After, bool AfterObserved) side)
    {
        if (side is { Before: < 0, After: < 0 }) return true;
        return side is { Before: >= 0, After: >= 0 } && side.BeforeObserved == side.AfterObserved
            && ground.Before.Digest(side.Before, line.Realm).AsSpan().SequenceEqual(ground.After.Digest(side.After, line.Realm));
    }

    private List<(int Before, int After)> Differing(
        (int Before, bool BeforeObserved, int After, bool AfterObserved) side, (int Before, int After)[] remotes)
    {
        var known = new Dictionary<(int, int), bool>();
        var found = new List<(int Before, int After)>();
        foreach (var remote in remotes)
        {
            var rows = (ground.Before.Row(side.Before, remote.Before), ground.After.Row(side.After, remote.After));
            if (!known.TryGetValue(rows, out var differs)) known.Add(rows, differs = Differs(side, remote));
            if (differs) found.Add(remote);
        }
        return found;
    }

    private bool Differs((int Before, bool BeforeObserved, int After, bool AfterObserved) side, (int Before, int After) remote)
    {
        for (var service = 0; service < ground.Services.Count; service++)
        {
            var before = ground.Before.Judge(side.Before, side.BeforeObserved, remote.Before, service);
            var after = ground.After.Judge(side.After, side.AfterObserved, remote.After, service);
            if ((before.Active, before.Candidate) != (after.Active, after.Candidate)) return true;
        }
        return false;
    }
}
