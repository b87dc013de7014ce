using System.Runtime.InteropServices;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>A pinned map of any kind, as bytes: whether anything is in it, and how that goes.</summary>
internal sealed unsafe partial class RawMap : IDisposable
{
    private const uint Hash = 1, Array = 2, ArrayOfCpus = 6, Lru = 9, ArrayOfMaps = 12, Queue = 22, Ring = 27;
    private const uint Batch = 1 << 16;
    private readonly KernelMap _map;
    private readonly int _valueBytes;

    public RawMap(string pin)
    {
        _map = new(Path.GetFileName(pin), Bpf.OpenPinned(pin)!);
        _valueBytes = Kind == ArrayOfCpus ? (int)(_map.Info.ValueSize + 7 & ~7u) * Cpus.Possible : (int)_map.Info.ValueSize;
    }

    public string Name => _map.Name;

    private uint Kind => _map.Info.Type;

    /// <summary>Elements that are there, and of an array those that are not all zero. Of a queue only whether there are any; a ring is read by its readers.</summary>
    public int Held() => Kind switch
    {
        Hash or Lru => Keys().Count,
        Array or ArrayOfCpus => Written().Count,
        ArrayOfMaps => Places().Count(Has),
        Queue => Has(0) ? 1 : 0,
        Ring => 0,
        _ => throw new InvalidOperationException($"map {Name} is of kind {Kind}"),
    };

    /// <summary>As it was made. Of an array whose elements have a timer, that ends too.</summary>
    /// <param name="places">Of an array: the only ones to look at; null = all.</param>
    public void Clear(IEnumerable<uint>? places = null)
    {
        var zero = new byte[_valueBytes];
        fixed (byte* none = zero)
            switch (Kind)
            {
                case Hash or Lru:
                    foreach (var key in Keys())
                        fixed (byte* k = key) _ = LibBpf.MapDelete(_map.Fd, k);
                    break;
                case Array or ArrayOfCpus:
                    // A single one always: a timer in it is nothing that can be read.
                    foreach (var place in places ?? (_map.Info.MaxEntries == 1 ? [0] : Written())) BpfError.Check(LibBpf.MapUpdate(_map.Fd, &place, none, 0), "map-update", Name);
                    break;
                case ArrayOfMaps:
                    foreach (var place in Places().Where(Has)) _ = LibBpf.MapDelete(_map.Fd, &place);
                    break;
                case Queue:
                    while (Pop(_map.Fd, null, none) == 0) { }
                    break;
            }
    }

    public void Dispose() => _map.Dispose();

    private IEnumerable<uint> Places() => Enumerable.Range(0, (int)_map.Info.MaxEntries).Select(i => (uint)i);

    // Of a queue: its head.
    private bool Has(uint place)
    {
        var value = new byte[_valueBytes];
        fixed (byte* v = value) return LibBpf.MapLookup(_map.Fd, Kind == Queue ? null : &place, v, 0) == 0;
    }

    private List<byte[]> Keys()
    {
        var keys = new List<byte[]>();
        while (true)
        {
            var next = new byte[_map.Info.KeySize];
            fixed (byte* before = keys.Count > 0 ? keys[^1] : null, k = next)
                if (NextKey(_map.Fd, before, k) != 0) return keys;
            keys.Add(next);
        }
    }

    private List<uint> Written()
    {
        var (written, keys) = (new List<uint>(), new uint[Batch]);
        var values = new byte[Math.Min(Batch, _map.Info.MaxEntries) * _valueBytes];
        var options = new BatchOptions { Size = (nuint)sizeof(BatchOptions) };
        uint position = 0;
        for (uint done = 0, count = Math.Min(Batch, _map.Info.MaxEntries); done < _map.Info.MaxEntries; done += count)
        {
            // SAFETY: both arrays hold count elements of the map's own sizes; an array's batch position is its index.
            fixed (uint* k = keys) fixed (byte* v = values)
            {
                var result = LibBpf.MapLookupBatch(_map.Fd, done == 0 ? null : &position, &position, k, v, &count, &options);
                if (result != -Libc.Enoent) BpfError.Check(result, "map-lookup", Name);
            }
            for (var i = 0; i < count; i++)
                if (values.AsSpan(i * _valueBytes, _valueBytes).ContainsAnyExcept((byte)0)) written.Add(keys[i]);
        }
        return written;
    }

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_map_get_next_key")]
    private static partial int NextKey(SafeHandle map, void* before, void* next);

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_map_lookup_and_delete_elem")]
    private static partial int Pop(SafeHandle map, void* key, void* value);
}
