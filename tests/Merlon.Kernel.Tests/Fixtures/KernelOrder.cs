using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Analysis;
using Merlon.Kernel.Tests.Attacks;
using Merlon.Kernel.Tests.Faults;
using Merlon.Kernel.Tests.Packets;
using Merlon.Kernel.Tests.Soak;
using Merlon.Kernel.Tests.Transparency;

[assembly: Xunit.TestCollectionOrderer(typeof(Merlon.Kernel.Tests.Fixtures.KernelOrder))]

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Those of twenty seconds and more.</summary>
public sealed class KernelOrder() : LongestFirst(nameof(SoakTests), nameof(DeadAgentTests), nameof(EnginesAgreeTests), nameof(PacketFaultTests), nameof(TransparencyTests), nameof(PolicyFaultTests), nameof(AttackControlTests),
    nameof(AttackTests), nameof(PacketCaseTests), nameof(AnalysisAgreesTests), nameof(ExpiryTests), nameof(DenyTests));
