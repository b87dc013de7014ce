using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What one VM may open and has open: <c>merlon_budget</c>, map <c>budgets</c> by vm.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BudgetRecord
{
    public Versions Opening, Established;
    public uint MaxHalfOpen, MaxConnections;
    public ulong Refused;
    /// <summary>Connections, since the VM was guarded.</summary>
    public ulong Opened;
    public BudgetRates Rates;

    /// <summary>Of both IP versions.</summary>
    public readonly uint HalfOpen => Opening.IPv4 + Opening.IPv6;

    public readonly uint Connections => Established.IPv4 + Established.IPv6;

    /// <summary>A count for each IP version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Versions
    {
        public uint IPv4, IPv6;
    }
}
