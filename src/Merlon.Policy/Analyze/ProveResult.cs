using System.Collections.Immutable;
using Merlon.Policy.Explain;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Can one of these ever reach one of those?</summary>
/// <param name="Problem">Why the question means nothing; null = answered.</param>
/// <param name="Packet">A first packet that passes; null = proved that none does.</param>
/// <param name="Path">What each end says to it: out of the source, into the destination.</param>
/// <param name="Assumptions">What the answer leaves out.</param>
public sealed record ProveResult(Problem? Problem, FlowQuestion? Packet, PlainAnswer? Path, ImmutableArray<string> Assumptions)
{
    internal static ProveResult Refused(Problem problem) => new(problem, null, null, []);
}
