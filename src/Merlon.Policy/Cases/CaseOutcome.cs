using Merlon.Policy.Explain;
using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>What an engine said to a case: to its first packet if all agree with the row, else to the first that does not.</summary>
/// <param name="Packets">How many packets the row meant and were judged.</param>
/// <param name="Packet">The one reported; null when the row means no packet at all (then not ok, verdict none).</param>
/// <param name="Problem">Why no packet could be judged, or what about the packet is not as the row says; null when ok.</param>
public sealed record CaseOutcome(
    int Index, CaseRow Row, string Engine, FlowVerdict Flow, int Packets, FlowQuestion? Packet, bool Ok, string? Problem = null);
