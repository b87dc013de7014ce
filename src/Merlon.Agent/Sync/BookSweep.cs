namespace Merlon.Agent.Sync;

/// <summary>Forgets names that nothing can carry any more: not in the plan, in no entry, and so already at the last sweep
/// (an event of the last entry may still have been in a ring then).</summary>
internal sealed class BookSweep
{
    private HashSet<uint> _idleVnics = [];
    private HashSet<uint> _idleRules = [];

    /// <summary>The book without them, and the rule ids that are free now.</summary>
    public (HostBook Book, IReadOnlyList<uint> FreedRules) Sweep(HostBook book, HostPlan plan, KernelUse use)
    {
        var inPlan = plan.RuleIds.ToHashSet();
        var idleRules = book.Rules.Values.Where(id => !inPlan.Contains(id) && !use.Rules.Contains(id)).ToHashSet();
        var idleVnics = book.Retired.Select(r => r.Vnic).Where(v => !use.Vnics.Contains(v)).ToHashSet();
        var freed = idleRules.Where(_idleRules.Contains).ToHashSet();
        var gone = idleVnics.Where(_idleVnics.Contains).ToHashSet();
        (_idleRules, _idleVnics) = (idleRules, idleVnics);
        if (freed.Count > 0) book = book with { Rules = book.Rules.RemoveRange(book.Rules.Where(r => freed.Contains(r.Value)).Select(r => r.Key)) };
        if (gone.Count > 0) book = book with { Retired = [.. book.Retired.Where(r => !gone.Contains(r.Vnic))] };
        return (book.Retired.Length == 0 ? WithoutPlacesOf(book, plan, use) : book, [.. freed]);
    }

    // Segments are named by entries of vNICs only, so without retired vNICs the plan's are all there are; budgets are charged until the last
    // element is deleted.
    private static HostBook WithoutPlacesOf(HostBook book, HostPlan plan, KernelUse use)
    {
        var segments = plan.Nics.Select(n => n.SegmentName).ToHashSet();
        var vms = plan.Nics.Select(n => n.Key.VmUuid).Concat(book.Budgets.Where(b => use.Vms.Contains(b.Value)).Select(b => b.Key)).ToHashSet();
        if (book.Segments.Count == segments.Count && book.Budgets.Count == vms.Count) return book;
        return book with
        {
            Segments = book.Segments.RemoveRange(book.Segments.Keys.Where(s => !segments.Contains(s))),
            Budgets = book.Budgets.RemoveRange(book.Budgets.Keys.Where(v => !vms.Contains(v))),
        };
    }
}
