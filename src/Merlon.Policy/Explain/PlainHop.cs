using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>One judgement on the way: out of the source or into the destination.</summary>
/// <param name="Tier">Null for the default and for built-in rules, as are file and line.</param>
public sealed record PlainHop(
    Direction Direction, NicKey Nic, string Vm, SideVerdict Side, string Reason, Tier? Tier, string? File, int? Line);
