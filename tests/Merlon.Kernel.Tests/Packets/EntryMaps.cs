using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;
using Merlon.Kernel.Tests.Fixtures;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>The tables of a loaded program, changed behind its back: emptied between rows, and moved into the past. Its clock cannot be set,
/// but every time it compares with is stored there.</summary>
internal sealed class EntryMaps(string bpffsFolder) : IDisposable
{
    private const ulong Existing = 2;
    private readonly KernelMap _conn4 = Pinned.Map(bpffsFolder, "conn4"), _conn6 = Pinned.Map(bpffsFolder, "conn6"), _half4 = Pinned.Map(bpffsFolder, "half4"),
        _half6 = Pinned.Map(bpffsFolder, "half6"), _fragments = Pinned.Map(bpffsFolder, "fragments"), _budgets = Pinned.Map(bpffsFolder, "budgets"),
        _learners = Pinned.Map(bpffsFolder, "learners"), _pools = Pinned.Map(bpffsFolder, "pools"), _adoptions = Pinned.Map(bpffsFolder, "adoptions");

    public void Pass(TimeSpan time)
    {
        Connections(time, TimeSpan.MinValue);
        foreach (var (key, value) in _fragments.ReadAll<FragmentKey, FragmentValue>())
            _fragments.TryUpdate(key, value with { Expires = value.Expires - (uint)time.TotalMilliseconds }, Existing);
        foreach (var (vnic, until) in _adoptions.ReadAll<uint, ulong>())
            _adoptions.TryUpdate(vnic, until - Math.Min(until, (ulong)time.TotalNanoseconds), Existing);
        foreach (var (vm, value) in _budgets.ReadAll<uint, BudgetRecord>()) Rates(vm, value, (ulong)time.TotalNanoseconds);
        foreach (var (slot, value) in _learners.ReadAll<uint, Learner>())
            if (value.Vnic > 0) _learners.TryUpdate(slot, value.Passed((ulong)time.TotalNanoseconds), Existing);
    }

    /// <summary>Moves connections alone, while the timer runs among thousands of them.</summary>
    /// <param name="left">Who has no longer than that is left to it: what it buries between look and word would live again, and be given back twice.</param>
    public void Connections(TimeSpan time, TimeSpan left)
    {
        foreach (var map in (KernelMap[])[_conn4, _half4]) Entries<ConnKey4>(map, time, left);
        foreach (var map in (KernelMap[])[_conn6, _half6]) Entries<ConnKey6>(map, time, left);
    }

    /// <summary>What it empties, nobody has borrowed. The counts of VMs stay: <see cref="ClearBudget"/>.</summary>
    public void Clear()
    {
        foreach (var map in (KernelMap[])[_conn4, _half4])
            foreach (var (key, _) in map.ReadAll<ConnKey4, ConnRecord>()) map.Delete(key);
        foreach (var map in (KernelMap[])[_conn6, _half6])
            foreach (var (key, _) in map.ReadAll<ConnKey6, ConnRecord>()) map.Delete(key);
        foreach (var (pool, value) in _pools.ReadAll<uint, PoolRecord>()) _pools.TryUpdate(pool, value with { Used = 0 }, Existing);
    }

    /// <summary>Entries of first fragments.</summary>
    public int Fragments => _fragments.ReadAll<FragmentKey, FragmentValue>().Count;

    public void ClearBudget(ushort vm) => _budgets.TryUpdate((uint)vm, default(BudgetRecord), Existing);

    /// <summary>Every live record, as its bytes are.</summary>
    public Dictionary<string, ConnRecord> Live()
    {
        var live = new Dictionary<string, ConnRecord>(StringComparer.Ordinal);
        foreach (var map in (KernelMap[])[_conn4, _half4]) Live<ConnKey4>(map, live);
        foreach (var map in (KernelMap[])[_conn6, _half6]) Live<ConnKey6>(map, live);
        return live;
    }

    public void Dispose()
    {
        foreach (var map in (KernelMap[])[_conn4, _conn6, _half4, _half6, _fragments, _budgets, _learners, _pools, _adoptions]) map.Dispose();
    }

    // What expires in the next moments the timer may bury at any time.
    private static void Live<TKey>(KernelMap map, Dictionary<string, ConnRecord> into) where TKey : unmanaged
    {
        foreach (var (key, value) in map.ReadAll<TKey, ConnRecord>(Bpf.WithLock))
            if (value.State is not (ConnState.Dead or ConnState.Gone) && BootClock.Until(value.Expires) > TimeSpan.FromSeconds(1))
                into[map.Name + Convert.ToHexString(MemoryMarshal.AsBytes([key]))] = value;
    }

    private void Rates(uint vm, BudgetRecord budget, ulong ns)
    {
        var moved = false;
        for (var i = 0; i < (int)RateOf.Count; i++)
        {
            moved |= budget.Rates[i].NextNs > 0;
            budget.Rates[i].NextNs -= Math.Min(ns, budget.Rates[i].NextNs);
        }
        if (moved) _budgets.TryUpdate(vm, budget, Existing);
    }

    // An entry that the timer deletes meanwhile is no error: its time had come.
    private static void Entries<TKey>(KernelMap map, TimeSpan time, TimeSpan left) where TKey : unmanaged
    {
        var ms = (uint)time.TotalMilliseconds;
        foreach (var (key, value) in map.ReadAll<TKey, ConnRecord>(Bpf.WithLock))
        {
            if (value.State is ConnState.Dead or ConnState.Gone || BootClock.Until(value.Expires) < left) continue;
            var moved = value;
            moved.Expires -= ms;
            moved.LastMs -= ms;
            map.TryUpdate(key, moved, Bpf.WithLock | Existing);
        }
    }

    [InlineArray(48)]
    private struct FragmentKey
    {
        private byte _first;
    }

    /// <summary>struct learner of datapath/work.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private record struct Learner(uint Vnic, uint Asked4, uint Asked6, uint Pad, ulong Asked4Ns, ulong Asked6Ns, ulong NextNs)
    {
        public readonly Learner Passed(ulong ns) => this with { Asked4Ns = Earlier(Asked4Ns, ns), Asked6Ns = Earlier(Asked6Ns, ns), NextNs = Earlier(NextNs, ns) };

        private static ulong Earlier(ulong at, ulong ns) => at - Math.Min(ns, at);
    }

    /// <summary>struct fragment of datapath/work.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private record struct FragmentValue(uint Expires, uint End, uint Ports, uint Proto);
}
