using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What one VM may open and has open: <c>merlon_budget</c>, map <c>budgets</c> by vm.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BudgetRecord
{
    public uint Connections, HalfOpen;
    public uint MaxConnections, MaxHalfOpen;
    public ulong Refused;
}
