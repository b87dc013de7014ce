using Merlon.Policy.Text;

namespace Merlon.Policy.Model;

/// <summary>Groups that contain themselves, in groups or except. Each cycle is told once.</summary>
internal sealed class GroupCycles(PolicySet set, Findings findings)
{
    /// <summary>Nesting beyond this is refused: readers of groups walk it recursively.</summary>
    private const int MaxNesting = 64;

    private readonly HashSet<GroupDocument> _done = new(ReferenceEqualityComparer.Instance);
    private readonly List<GroupDocument> _path = [];

    public void Run()
    {
        foreach (var group in set.Groups) Visit(group);
    }

    private void Visit(GroupDocument group)
    {
        if (_done.Contains(group)) return;
        var start = _path.FindIndex(g => ReferenceEquals(g, group));
        if (start >= 0)
        {
            var names = _path.Skip(start).Append(group).Select(g => $"{g.Tenant}/{g.Name}");
            findings.Error("group-cycle", group.Position, $"group contains itself: {string.Join(" > ", names)}");
            return;
        }
        if (_path.Count >= MaxNesting)
        {
            findings.Error("too-deep", group.Position, $"groups are nested deeper than {MaxNesting}");
            return;
        }
        _path.Add(group);
        foreach (var reference in group.Groups.Concat(group.Except).Where(r => r.Kind == ReferenceKind.Group))
            if (set.Group(group.Tenant, reference) is { } inner) Visit(inner);
        _path.RemoveAt(_path.Count - 1);
        _done.Add(group);
    }
}
