using Xunit;

// Most of these tests wait for agents, alarms and timers: three classes at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.Collections, MaxThreads = 3)]

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Two cores: classes that time or flood meet no other class.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
