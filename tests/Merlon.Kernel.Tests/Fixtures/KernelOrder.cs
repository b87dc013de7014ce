using Merlon.Hosts.Tests.Hosts;

[assembly: Xunit.TestCollectionOrderer(typeof(Merlon.Kernel.Tests.Fixtures.KernelOrder))]

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Those of more than twenty seconds.</summary>
public sealed class KernelOrder() : LongestFirst(nameof(EnginesAgreeTests));
