using Merlon.Hosts.Tests.BadInput;
using Merlon.Hosts.Tests.Flows;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Lab;

[assembly: Xunit.TestCollectionOrderer(typeof(Merlon.Hosts.Tests.Hosts.HostsOrder))]

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>The lab above all.</summary>
public sealed class HostsOrder() : LongestFirst(LabCollection.Name, GuardedPairCollection.Name, nameof(FlowCountTests), nameof(AgentTimeTests), nameof(ConnectionStepTests));
