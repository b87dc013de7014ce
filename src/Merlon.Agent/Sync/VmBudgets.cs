using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>What a VM may have open when its Guard does not say: an eighth of the tables, so that no VM alone fills them; and what it may do in a second.</summary>
internal static class VmBudgets
{
    private const uint Connections = 32768;
    private const uint HalfOpen = 8192;

    public static (uint Connections, uint HalfOpen, Rates Rates) Of(NicGuard guard) =>
        (guard.MaxConnections > 0 ? (uint)guard.MaxConnections : Connections, guard.MaxHalfOpen > 0 ? (uint)guard.MaxHalfOpen : HalfOpen, guard.Rates);
}
