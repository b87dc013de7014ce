using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>What a revision says to a box of traffic, and who says so.</summary>
/// <param name="Rules">Every rule that decides about some of it, ascending, at the end where the change comes from; empty = that end is not
/// guarded, or only observed.</param>
/// <param name="Untracked">It passes without a connection: the answering end may send anything from the service's port but a packet that opens.</param>
public sealed record Decision(Verdict Verdict, ImmutableArray<RuleRef> Rules, bool Untracked = false);
