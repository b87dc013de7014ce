using Xunit.Sdk;
using Xunit.v3;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Of what runs side by side the longest begins first: drawn last, it would run on alone.</summary>
/// <param name="longest">Names of collections, or of classes that have none.</param>
public abstract class LongestFirst(params string[] longest) : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections) where T : ITestCollection =>
        [.. testCollections.OrderBy(Rank).ThenBy(c => c.TestCollectionDisplayName, StringComparer.Ordinal)];

    private int Rank<T>(T collection) where T : ITestCollection =>
        Array.FindIndex(longest, name => collection.TestCollectionDisplayName is var said && (said == name || said.Contains("." + name, StringComparison.Ordinal))) is var at and >= 0 ? at : longest.Length;
}
