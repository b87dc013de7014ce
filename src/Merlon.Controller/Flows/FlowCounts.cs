namespace Merlon.Controller.Flows;

/// <summary>What did not reach the log, by host: totals of the newest numbering.</summary>
/// <param name="Host">UUID.</param>
/// <param name="Missing">Numbers that no batch carried.</param>
/// <param name="Refused">Records that broke the contract.</param>
public sealed record FlowCounts(string Host, ulong Through, ulong LostKernel, ulong LostAgent, ulong Missing, ulong Refused);
