namespace Merlon.Policy.Resolve;

/// <summary>How far schedules are laid out: from the beginning of a week (Monday, 00:00 UTC), so that a HostPolicy stays the same all week, and
/// four weeks beyond its end.</summary>
public static class Horizon
{
    private const long Week = 7 * 86_400;
    private const long FirstMonday = 4 * 86_400;
    private const int Weeks = 5;

    /// <summary>Unix seconds at which the week of an instant began: lay schedules out again when this has changed.</summary>
    public static long WeekOf(long at) => (long)Math.Floor((double)(at - FirstMonday) / Week) * Week + FirstMonday;

    /// <summary>End of what is laid out.</summary>
    public static long EndOf(long at) => WeekOf(at) + Weeks * Week;
}
