namespace Merlon.Policy.Model;

/// <summary>A half-open span of UTC time in Unix seconds: [From, To). <see cref="long.MaxValue"/> = no end.</summary>
public readonly record struct Interval(long From, long To)
{
    public bool Contains(long unixSeconds) => unixSeconds >= From && unixSeconds < To;
}
