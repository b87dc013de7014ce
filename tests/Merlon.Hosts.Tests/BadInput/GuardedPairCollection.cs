using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>These classes share one guarded pair, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class GuardedPairCollection : ICollectionFixture<GuardedPair>
{
    public const string Name = "guarded pair";
}
