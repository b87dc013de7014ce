using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>merlon_rule_hits of datapath/abi.h: judgements of one rule.</summary>
/// <param name="Decided">It decided.</param>
/// <param name="Would">It is observed, and would have decided otherwise.</param>
[StructLayout(LayoutKind.Sequential)]
public record struct RuleHits(ulong Decided, ulong Would)
{
    public ulong Decided = Decided;

    public ulong Would = Would;
}
