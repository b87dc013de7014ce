namespace Merlon.Controller.Rules;

/// <summary>A plan was made on revisions that are no longer the newest.</summary>
internal sealed class BaseMovedException(string message) : Exception(message)
{
    /// <summary>A tenant that the plan does not know had no revision then.</summary>
    public static void ThrowIfMoved(IReadOnlyDictionary<string, long> planned, IReadOnlyDictionary<string, long> now)
    {
        var moved = planned.Keys.Union(now.Keys).Where(t => planned.GetValueOrDefault(t) != now.GetValueOrDefault(t)).Order(StringComparer.Ordinal)
            .Select(t => $"tenant {t} is at revision {now.GetValueOrDefault(t)}, the plan is for {planned.GetValueOrDefault(t)}").ToList();
        if (moved.Count > 0) throw new BaseMovedException($"the policy has changed since the plan was made: {string.Join("; ", moved)}");
    }
}
