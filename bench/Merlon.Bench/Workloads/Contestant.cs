using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>One of those that take turns.</summary>
internal abstract class Contestant(string name)
{
    public string Name { get; } = name;

    /// <summary>Why something was lost, where it can be told.</summary>
    public Func<string> Losses { get; init; } = () => "";

    /// <summary>One turn of about this length. What is sent must arrive, all of it.</summary>
    public Slice Turn(TimeSpan length)
    {
        var slice = Play(length);
        return slice.Delivered == slice.Sent && slice.Sent > 0 ? slice
            : throw new InvalidOperationException($"{Name}: of {slice.Sent} sent {slice.Delivered} arrived {Losses()}".TrimEnd());
    }

    protected abstract Slice Play(TimeSpan length);
}
