using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What one VM may open and has open: <c>merlon_budget</c>, map <c>budgets</c> by vm.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BudgetRecord
{
    /// <summary>Reasons by which a VM is refused what its budgets, rates or the pools do not grant.</summary>
    public static readonly ImmutableArray<Reason> Budgets =
        [Reason.HalfOpenBudget, Reason.VmBudget, Reason.TableFull, Reason.ConnectionRate, Reason.IcmpRate, Reason.NeighbourRate];

    /// <summary>Live ones, of both IP versions.</summary>
    public uint HalfOpen, Connections;
    /// <summary>0 = no limit.</summary>
    public uint MaxHalfOpen, MaxConnections;
    /// <summary>Beyond those two, and beyond the pool; the counts of refusals wrap.</summary>
    public uint RefusedHalfOpen, RefusedConnections, RefusedTable;
    private readonly uint _pad;
    /// <summary>Connections, since the VM was guarded.</summary>
    public ulong Opened;
    public BudgetRates Rates;
    /// <summary>Elements of each table: those that live, and those that are over and not deleted yet.</summary>
    public Tables Held;

    /// <summary>None of its elements is in any table.</summary>
    public readonly bool HoldsNothing => !((ReadOnlySpan<uint>)Held).ContainsAnyExcept(0U);

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

    /// <summary>A count for each <see cref="TablePool"/>.</summary>
    [InlineArray((int)TablePool.Count)]
    public struct Tables
    {
        private uint _first;
    }
}
