using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>Verdict, its reason, and every judgement that was made: none after a refusal.</summary>
public sealed record PlainAnswer(Verdict Verdict, string Reason, ImmutableArray<PlainHop> Hops)
{
    public FlowVerdict Flow => new(Verdict, Reason,
        Hops.FirstOrDefault(h => h.Direction == Direction.Out)?.Side.Rule, Hops.FirstOrDefault(h => h.Direction == Direction.In)?.Side.Rule);
}
