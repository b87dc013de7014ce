namespace Merlon.Policy.Model;

/// <summary>A time of the day on some days of the week.</summary>
/// <param name="First">First of the days, inclusive; they go round: sat to mon are three.</param>
/// <param name="Start">Minute of the day, 0 to 1439.</param>
/// <param name="End">First minute without it, 1 to 1440. Not after <paramref name="Start"/> = on the next day.</param>
public readonly record struct WeeklySpan(DayOfWeek First, DayOfWeek Last, int Start, int End)
{
    public bool Contains(DayOfWeek day, int minute) => Start < End
        ? IsOn(day) && minute >= Start && minute < End
        : (IsOn(day) && minute >= Start) || (IsOn((DayOfWeek)(((int)day + 6) % 7)) && minute < End);

    private bool IsOn(DayOfWeek day) => ((int)day - (int)First + 7) % 7 <= ((int)Last - (int)First + 7) % 7;
}
