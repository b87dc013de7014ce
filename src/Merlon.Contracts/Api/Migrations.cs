namespace Merlon.Contracts.Api;

/// <summary>The receipt of a VM that came to this host, live or from a save file, and what became of the connections inside it.</summary>
/// <param name="At">When its stream was read.</param>
/// <param name="From">Host that it says it left; empty where no agent answered there.</param>
/// <param name="Sent">Connections in its stream.</param>
/// <param name="Installed">Of these, what this host's kernel has now.</param>
/// <param name="Refused">Of these, what did not count here.</param>
/// <param name="LeftOut">What there was no room for in the stream.</param>
/// <param name="GapMs">From the snapshot until its entries were here, as well as the clocks of both hosts agree.</param>
/// <param name="Outcome"><c>carried</c>, <c>partly</c>, <c>no-agent</c> (at the host that it left), <c>not-carried</c> (no Guard here says so), <c>unreadable</c>.</param>
public sealed record MigrationRecord(
    DateTimeOffset At, string Vm, string VmUuid, string From, string To, int Sent, int Installed, int Refused, int LeftOut, long GapMs, string Outcome);
