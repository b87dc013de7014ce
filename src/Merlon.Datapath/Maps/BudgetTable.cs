using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>budgets</c>: what each VM has open, may open and holds; index 0 is the outside. Map <c>pools</c>: what all hold of each
/// connection table above their shares.</summary>
public sealed class BudgetTable : IDisposable
{
    private readonly KernelMap _map;
    private readonly Mapping _memory, _pools;
    private readonly uint[] _tables;

    /// <param name="tables">In the order of <see cref="TablePool"/>.</param>
    internal BudgetTable(KernelMap budgets, KernelMap pools, params KernelMap[] tables)
    {
        _map = budgets;
        _memory = Shared(budgets);
        _pools = Shared(pools);
        _tables = [.. tables.Select(t => t.Info.MaxEntries)];
    }

    public BudgetRecord Get(ushort vm) => _map.TryLookup((uint)vm, out BudgetRecord budget) ? budget : default;

    /// <summary>The VMs that hold an element of a table: nobody else may get such a number.</summary>
    public IReadOnlySet<ushort> Holders() =>
        Enumerable.Range(0, (int)_map.Info.MaxEntries).Select(vm => (ushort)vm).Where(vm => !Live(vm).HoldsNothing).ToHashSet();

    /// <summary>Sets the limits and leaves the counts, which the program changes at the same time, alone.</summary>
    public void SetLimits(ushort vm, uint maxConnections, uint maxHalfOpen, Rates? rates = null)
    {
        ref var budget = ref Live(vm);
        Volatile.Write(ref budget.MaxConnections, maxConnections);
        Volatile.Write(ref budget.MaxHalfOpen, maxHalfOpen);
        var (connections, icmp, neighbours) = rates ?? Rates.None;
        foreach (var (of, rate) in (ReadOnlySpan<(RateOf, int)>)[(RateOf.Connections, connections), (RateOf.Icmp, icmp), (RateOf.IcmpAnswers, icmp),
            (RateOf.Neighbours, neighbours), (RateOf.NeighbourAnswers, neighbours)])
            Volatile.Write(ref budget.Rates[(int)of].IntervalNs, rate == 0 ? 0 : 1_000_000_000 / (uint)rate);
    }

    /// <summary>Keeps the shares of so many VMs (<see cref="AbiLimits.ShareHalf"/>, <see cref="AbiLimits.ShareConn"/>) of each table free
    /// for them, and an element for each CPU, which may be one ahead of the pool. False = they do not fit into one of the tables.</summary>
    public bool KeepShares(int vms)
    {
        var fit = true;
        for (var i = 0; i < _tables.Length; i++)
        {
            var shares = (long)vms * ((TablePool)i is TablePool.Half4 or TablePool.Half6 ? AbiLimits.ShareHalf : AbiLimits.ShareConn);
            var left = _tables[i] - shares - Cpus.Possible;
            fit &= left > 0;
            Volatile.Write(ref Pool((TablePool)i).Limit, (uint)Math.Max(1, left)); // 0 would be no limit
        }
        return fit;
    }

    public PoolRecord Get(TablePool pool) => Pool(pool);

    public void Dispose()
    {
        _memory.Dispose();
        _pools.Dispose();
    }

    private static Mapping Shared(KernelMap map) => new(map.Fd, (long)map.Info.MaxEntries * map.Info.ValueSize, writable: true);

    private unsafe ref BudgetRecord Live(ushort vm)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(vm, _map.Info.MaxEntries);
        // SAFETY: an array map's values stand side by side, eight-byte aligned, and vm is below their number.
        return ref ((BudgetRecord*)_memory.Start)[vm];
    }

    // SAFETY: as above; there are as many pools as tables.
    private unsafe ref PoolRecord Pool(TablePool pool) => ref ((PoolRecord*)_pools.Start)[(int)pool];
}
