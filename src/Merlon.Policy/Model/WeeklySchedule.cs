using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>When a rule is there, week by week, as the clocks of its zone say. An hour that the clocks show twice is twice in it, one that they
/// leave out is not.</summary>
/// <param name="Zone">Name of the tz database (Europe/Berlin); UTC.</param>
/// <param name="Times">Any of them.</param>
public sealed record WeeklySchedule(string Zone, ImmutableArray<WeeklySpan> Times)
{
    private const long Day = 86_400;

    public static bool IsZone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out _);

    public bool Contains(long unixSeconds) => Contains(TimeZoneInfo.FindSystemTimeZoneById(Zone), unixSeconds);

    /// <summary>Everything of [<paramref name="from"/>, <paramref name="to"/>) that is in it, ascending.</summary>
    public ImmutableArray<Interval> Between(long from, long to)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Zone);
        var all = ImmutableArray.CreateBuilder<Interval>();
        long? since = null;
        foreach (var instant in Turns(zone, from, to))
        {
            var inside = Contains(zone, instant);
            if (inside) since ??= instant;
            else if (since is { } start)
            {
                all.Add(new(start, instant));
                since = null;
            }
        }
        if (since is { } open) all.Add(new(open, to));
        return all.ToImmutable();
    }

    public bool Equals(WeeklySchedule? other) => other is not null && Zone == other.Zone && Times.SequenceEqual(other.Times);

    public override int GetHashCode() => HashCode.Combine(Zone, Times.Length);

    private bool Contains(TimeZoneInfo zone, long at)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(at), zone);
        return Times.Any(t => t.Contains(local.DayOfWeek, local.Hour * 60 + local.Minute));
    }

    /// <summary>Instants between which nothing begins or ends: where a clock shows an edge of the schedule, and where it is set.</summary>
    private SortedSet<long> Turns(TimeZoneInfo zone, long from, long to)
    {
        var turns = new SortedSet<long> { from };
        int[] edges = [0, .. Times.SelectMany(t => new[] { t.Start, t.End })];
        for (var day = from / Day - 1; day <= to / Day + 1; day++)
        {
            // A local day reaches into its neighbours in UTC, where the clocks may have been set.
            long[] offsets = [.. Enumerable.Range(-1, 4).Select(d => Offset(zone, (day + d) * Day))];
            if (offsets[1] != offsets[2]) turns.Add(Change(zone, day * Day, (day + 1) * Day));
            foreach (var offset in offsets.Distinct())
                foreach (var edge in edges) turns.Add(day * Day + edge * 60L - offset);
        }
        turns.RemoveWhere(t => t < from || t >= to);
        return turns;
    }

    private static long Offset(TimeZoneInfo zone, long at) => (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(at)).TotalSeconds;

    /// <summary>The first second with the offset of <paramref name="after"/>.</summary>
    private static long Change(TimeZoneInfo zone, long before, long after)
    {
        var later = Offset(zone, after);
        while (after - before > 1)
        {
            var middle = (before + after) / 2;
            if (Offset(zone, middle) == later) after = middle;
            else before = middle;
        }
        return after;
    }
}
