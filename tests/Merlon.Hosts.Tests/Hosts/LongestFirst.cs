using Merlon.Hosts.Tests.BadInput;
using Merlon.Hosts.Tests.Flows;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Lab;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Xunit.TestCollectionOrderer(typeof(Merlon.Hosts.Tests.Hosts.LongestFirst))]

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Of what runs side by side the longest begins first: drawn last, the lab would run on alone.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest = [LabCollection.Name, GuardedPairCollection.Name, nameof(FlowCountTests), nameof(AgentTimeTests)];

    /// <inheritdoc/>
    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections) where T : ITestCollection =>
        [.. testCollections.OrderBy(Rank).ThenBy(c => c.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int Rank<T>(T collection) where T : ITestCollection =>
        Array.FindIndex(Longest, name => collection.TestCollectionDisplayName is var said && (said == name || said.Contains("." + name, StringComparison.Ordinal))) is var at and >= 0 ? at : Longest.Length;
}
