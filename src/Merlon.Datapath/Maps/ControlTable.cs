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
    public void BumpTopology() => Interlocked.Increment(ref Live.Topology);

    internal void Flip(uint generation) => Volatile.Write(ref Live.Generation, generation);

    internal void Initialize(uint abi) => Volatile.Write(ref Live.Abi, abi);

    public void Dispose() => _memory.Dispose();
}
