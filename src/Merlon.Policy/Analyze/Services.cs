using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>A set of services: all of <paramref name="Matches"/> together, without what is in <paramref name="Except"/>.</summary>
public sealed record Services(ImmutableArray<ServiceMatch> Matches, ImmutableArray<ServiceMatch> Except)
{
    /// <summary><c>tcp/80</c>, where a source port is asked for <c>tcp/80 from 1024-2000</c>.</summary>
    public static string Text(ServiceMatch match) => ServiceText.Format(match)
        + (match is { SourceLow: 0, SourceHigh: 65535 } ? "" : $" from {ServiceText.Range(match.SourceLow, match.SourceHigh)}");

    public override string ToString() =>
        string.Join(", ", Matches.Select(Text)) + (Except.IsEmpty ? "" : $" except {string.Join(", ", Except.Select(Text))}");
}
