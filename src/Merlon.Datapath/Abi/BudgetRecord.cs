using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What one VM may open and has open: <c>merlon_budget</c>, map <c>budgets</c> by vm.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BudgetRecord
{
    /// <summary>Reasons by which a VM is refused what its budgets, rates or the pools do not grant.</summary>
    public static readonly ImmutableArray<Reason> Budgets =
        [Reason.HalfOpenBudget, Reason.VmBudget, Reason.TableFull, Reason.ConnectionRate, Reason.IcmpRate, Reason.NeighbourRate];

    public Versions Opening, Established;
    public uint MaxHalfOpen, MaxConnections;
    /// <summary>Beyond those two, and beyond the pool; the counts of refusals wrap.</summary>
    public uint RefusedHalfOpen, RefusedConnections, RefusedTable;
    private readonly uint _pad;
    /// <summary>Connections, since the VM was guarded.</summary>
    public ulong Opened;
    public BudgetRates Rates;

    /// <summary>Of both IP versions.</summary>
    public readonly uint HalfOpen => Opening.IPv4 + Opening.IPv6;

    public readonly uint Connections => Established.IPv4 + Established.IPv6;

    /// <summary>What has been refused so far for one of <see cref="Budgets"/>.</summary>
    public readonly uint Refused(Reason budget) => budget switch
    {
        Reason.HalfOpenBudget => RefusedHalfOpen,
        Reason.VmBudget => RefusedConnections,
        Reason.TableFull => RefusedTable,
        Reason.ConnectionRate => Rates[(int)RateOf.Connections].Refused,
        Reason.IcmpRate => unchecked(Rates[(int)RateOf.Icmp].Refused + Rates[(int)RateOf.IcmpAnswers].Refused),
        Reason.NeighbourRate => unchecked(Rates[(int)RateOf.Neighbours].Refused + Rates[(int)RateOf.NeighbourAnswers].Refused),
        _ => 0,
    };

    /// <summary>A count for each IP version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Versions
    {
        public uint IPv4, IPv6;
    }
}
