using System.Runtime.CompilerServices;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>One map, by descriptor, with typed keys and values whose sizes are checked once against the kernel's.</summary>
internal sealed unsafe class KernelMap(string name, BpfFd fd) : IDisposable
{
    private const int BatchSize = 1024;

    public string Name { get; } = name;

    public BpfFd Fd { get; } = fd;

    public MapInfo Info { get; } = Bpf.Info<MapInfo>(fd);

    public bool TryLookup<TKey, TValue>(TKey key, out TValue value, ulong flags = 0) where TKey : unmanaged where TValue : unmanaged
    {
        RequireSizes<TKey, TValue>();
        TValue found = default;
        // SAFETY: key and found are locals of the sizes the map has (checked above).
        var result = LibBpf.MapLookup(Fd, &key, &found, flags);
        value = found;
        if (result == -Libc.Enoent) return false;
        BpfError.Check(result, "map-lookup", $"reading map {Name}");
        return true;
    }

    /// <summary>Reads one element of a per-CPU array and adds up the CPUs.</summary>
    public ulong Sum(uint index)
    {
        var cpus = Cpus.Possible;
        Span<ulong> values = cpus <= 64 ? stackalloc ulong[cpus] : new ulong[cpus];
        // SAFETY: the kernel writes eight bytes for each possible CPU.
        fixed (ulong* start = values) BpfError.Check(LibBpf.MapLookup(Fd, &index, start, 0), "map-lookup", $"reading map {Name}");
        ulong sum = 0;
        foreach (var v in values) sum += v;
        return sum;
    }

    public void Update<TKey, TValue>(TKey key, TValue value, ulong flags = 0) where TKey : unmanaged where TValue : unmanaged
    {
        var result = TryUpdate(key, value, flags);
        if (result == -Libc.E2Big)
            throw new DatapathException("map-full", $"map {Name} is full ({Info.MaxEntries} entries)", "guard fewer vNICs or addresses on this host");
        BpfError.Check(result, "map-update", $"writing map {Name}");
    }

    /// <summary>As <see cref="Update"/>, with the negative errno for callers that expect one.</summary>
    public int TryUpdate<TKey, TValue>(TKey key, TValue value, ulong flags) where TKey : unmanaged where TValue : unmanaged
    {
        RequireSizes<TKey, TValue>();
        // SAFETY: as in TryLookup.
        return LibBpf.MapUpdate(Fd, &key, &value, flags);
    }

    /// <summary>False when there was no such key.</summary>
    public bool Delete<TKey>(TKey key) where TKey : unmanaged
    {
        RequireSize<TKey>(Info.KeySize);
        var result = LibBpf.MapDelete(Fd, &key);
        if (result == -Libc.Enoent) return false;
        BpfError.Check(result, "map-delete", $"deleting from map {Name}");
        return true;
    }

    /// <summary>Everything in a hash map, read in batches. Entries made or deleted meanwhile may be missed or seen.</summary>
    public List<KeyValuePair<TKey, TValue>> ReadAll<TKey, TValue>(ulong elementFlags = 0) where TKey : unmanaged where TValue : unmanaged
    {
        RequireSizes<TKey, TValue>();
        var found = new List<KeyValuePair<TKey, TValue>>();
        var keys = new TKey[BatchSize];
        var values = new TValue[BatchSize];
        var options = new BatchOptions { Size = (nuint)sizeof(BatchOptions), ElementFlags = elementFlags };
        uint position = 0;
        for (var first = true; ;)
        {
            var count = (uint)keys.Length;
            int result;
            // SAFETY: both arrays hold count elements of the map's own sizes; a hash map's batch position is four bytes.
            fixed (TKey* k = keys) fixed (TValue* v = values)
                result = LibBpf.MapLookupBatch(Fd, first ? null : &position, &position, k, v, &count, &options);
            if (result == -Libc.Enospc)
            {
                // One bucket holds more than a batch: nothing was read, ask again with more room.
                (keys, values) = (new TKey[keys.Length * 4], new TValue[keys.Length * 4]);
                continue;
            }
            if (result < 0 && result != -Libc.Enoent) throw BpfError.Of("map-lookup", $"listing map {Name}", result);
            for (var i = 0; i < count; i++) found.Add(new(keys[i], values[i]));
            if (result < 0) return found;
            first = false;
        }
    }

    public void Dispose() => Fd.Dispose();

    private void RequireSizes<TKey, TValue>() where TKey : unmanaged where TValue : unmanaged
    {
        RequireSize<TKey>(Info.KeySize);
        RequireSize<TValue>(Info.ValueSize);
    }

    // Without this a program of another shape would have the kernel write past a local.
    private void RequireSize<T>(uint size) where T : unmanaged
    {
        if (size != Unsafe.SizeOf<T>())
            throw new DatapathException("stale-abi", $"map {Name} holds {size} bytes where this build has {Unsafe.SizeOf<T>()}", StaleAbi.Mend);
    }
}
