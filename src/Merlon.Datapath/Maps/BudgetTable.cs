using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>budgets</c>: what each VM has open and may open. Index 0 is the outside.</summary>
public sealed class BudgetTable : IDisposable
{
    private readonly KernelMap _map;
    private readonly Mapping _memory;

    internal BudgetTable(KernelMap map)
    {
        _map = map;
        _memory = new(map.Fd, (long)map.Info.MaxEntries * map.Info.ValueSize, writable: true);
    }

    public BudgetRecord Get(ushort vm) => _map.TryLookup((uint)vm, out BudgetRecord budget) ? budget : default;

    /// <summary>Sets the limits and leaves the counts, which the program changes at the same time, alone.</summary>
    public void SetLimits(ushort vm, uint maxConnections, uint maxHalfOpen)
    {
        ref var budget = ref Live(vm);
        Volatile.Write(ref budget.MaxConnections, maxConnections);
        Volatile.Write(ref budget.MaxHalfOpen, maxHalfOpen);
    }

    /// <summary>Empties a record whose VM is gone, for the next VM to use.</summary>
    public void Clear(ushort vm) => Live(vm) = default;

    public void Dispose() => _memory.Dispose();

    private unsafe ref BudgetRecord Live(ushort vm)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(vm, _map.Info.MaxEntries);
        // SAFETY: an array map's values stand side by side, eight-byte aligned, and vm is below their number.
        return ref ((BudgetRecord*)_memory.Start)[vm];
    }
}
