using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>The rows share the cable, so they run one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OldKernelCollection : ICollectionFixture<OldKernelCable>
{
    public const string Name = "old-kernel";
}
