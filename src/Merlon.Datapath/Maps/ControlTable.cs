using System.Runtime.CompilerServices;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>Map <c>control</c>, shared memory with the program: every field is written by one aligned store.</summary>
public sealed unsafe class ControlTable : IDisposable
{
    private readonly Mapping _memory;

    internal ControlTable(KernelMap map) => _memory = new(map.Fd, map.Info.ValueSize, writable: true);

    // SAFETY: the one value of an array map, page-aligned, as long as the mapping lives.
    private ref ControlRecord Live => ref Unsafe.AsRef<ControlRecord>(_memory.Start);

    /// <summary>The generation the program judges by; 0 = none committed yet.</summary>
    public uint Generation => Volatile.Read(ref Live.Generation);

    public uint Topology => Volatile.Read(ref Live.Topology);

    public uint Abi => Volatile.Read(ref Live.Abi);

    public ControlFlags Flags
    {
        get => (ControlFlags)Volatile.Read(ref Unsafe.As<ControlFlags, uint>(ref Live.Flags));
        set => Volatile.Write(ref Unsafe.As<ControlFlags, uint>(ref Live.Flags), (uint)value);
    }

    /// <summary>Says that a port, bridge, VLAN or capture changed.</summary>
    public void BumpTopology() => Change(word => (uint)word);

    /// <summary>Generation and topology in one store: nothing that was approved under the one counts under the other.</summary>
    internal void Flip(uint generation) => Change(_ => generation);

    internal void Initialize(uint abi)
    {
        Volatile.Write(ref Live.Abi, abi);
        // Entries begin with 0: no stamp.
        if (Topology == 0) BumpTopology();
    }

    /// <summary>So long from now ways hold; zero = not any more.</summary>
    internal void Lease(TimeSpan time)
    {
        var now = BootClock.MonotonicNs;
        Volatile.Write(ref Live.BootMs, (uint)((BootClock.NowNs - now) / 1_000_000));
        Volatile.Write(ref Live.LeaseNs, time == TimeSpan.Zero ? 0 : now + (ulong)time.Ticks * 100);
    }

    // Generation stands below topology. A topology of 0 would be no stamp.
    private void Change(Func<ulong, uint> generation)
    {
        ref var word = ref Unsafe.As<uint, ulong>(ref Live.Generation);
        while (true)
        {
            var old = Volatile.Read(ref word);
            var topology = (uint)(old >> 32) + 1;
            if (Interlocked.CompareExchange(ref word, generation(old) | (ulong)(topology == 0 ? 1 : topology) << 32, old) == old) return;
        }
    }

    public void Dispose() => _memory.Dispose();
}
