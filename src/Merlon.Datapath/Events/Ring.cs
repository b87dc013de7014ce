using System.Runtime.CompilerServices;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Events;

/// <summary>A ring buffer (BPF_MAP_TYPE_RINGBUF), read through its shared pages.</summary>
/// <remarks>Page 0: consumer position, ours to write. Then, read-only: producer position, and the data mapped twice in a
/// row so that a record never wraps. A record is a header of eight bytes (length with busy and discard bits) and its data.</remarks>
internal sealed unsafe class Ring : IDisposable
{
    private const uint Busy = 1u << 31, Discard = 1u << 30;
    private const int Header = 8;
    private readonly Mapping _consumer, _producer;
    private readonly ulong _mask;

    public Ring(BpfFd fd)
    {
        Fd = fd;
        var size = Bpf.Info<MapInfo>(fd).MaxEntries;
        var page = Environment.SystemPageSize;
        _mask = size - 1;
        _consumer = new(fd, page, writable: true);
        _producer = new(fd, page + 2L * size, writable: false, page);
    }

    public BpfFd Fd { get; }

    private ref ulong Position => ref Unsafe.AsRef<ulong>(_consumer.Start);

    /// <summary>Copies complete records; returns how many. Records of another size are skipped and counted.</summary>
    public int Drain<T>(Span<T> into, ref ulong unknown) where T : unmanaged
    {
        var taken = 0;
        // SAFETY: offsets are masked to the ring's size and the data is mapped twice, so header + length stays inside.
        // Positions and headers pair with the kernel's smp_store_release / smp_load_acquire.
        var data = _producer.Start + Environment.SystemPageSize;
        var at = Position;
        var end = Volatile.Read(ref Unsafe.AsRef<ulong>(_producer.Start));
        while (taken < into.Length && at < end)
        {
            var record = data + (at & _mask);
            var header = Volatile.Read(ref Unsafe.AsRef<uint>(record));
            if ((header & Busy) != 0) break;
            var length = header & ~(Busy | Discard);
            if ((header & Discard) == 0)
            {
                if (length == sizeof(T)) into[taken++] = Unsafe.ReadUnaligned<T>(record + Header);
                else unknown++;
            }
            at += (length + Header + 7) & ~7u;
            Volatile.Write(ref Position, at);
        }
        return taken;
    }

    public void Dispose()
    {
        _consumer.Dispose();
        _producer.Dispose();
        Fd.Dispose();
    }
}
