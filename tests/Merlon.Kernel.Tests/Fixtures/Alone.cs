using Xunit;

// Many of these tests wait for timers of the kernel: three classes at a time on two cores.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.Collections, MaxThreads = 3)]

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Classes that time the kernel meet no other class.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
