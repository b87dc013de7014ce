using System.IO.MemoryMappedFiles;

namespace Merlon.Agent.Flows;

/// <summary>A mapped file: a page of numbers and a ring of bytes behind it. A killed process leaves every store it made, in
/// order, so what is published last is what counts.</summary>
internal sealed class SpoolFile : IDisposable
{
    private const int HeaderBytes = 4096;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public SpoolFile(string path, int capacity)
    {
        Capacity = (ulong)capacity;
        var size = HeaderBytes + (long)capacity;
        if (File.Exists(path) && new FileInfo(path).Length != size) File.Delete(path);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, size);
        _view = _file.CreateViewAccessor(0, size);
    }

    public ulong Capacity { get; }

    public ulong this[int field]
    {
        get => _view.ReadUInt64(field * sizeof(ulong));
        set => _view.Write(field * sizeof(ulong), value);
    }

    /// <summary>Copies out of the ring; <paramref name="position"/> only grows and wraps here.</summary>
    public void Read(ulong position, Span<byte> into)
    {
        var (at, first) = Split(position, into.Length);
        _view.SafeMemoryMappedViewHandle.ReadSpan(at, into[..first]);
        _view.SafeMemoryMappedViewHandle.ReadSpan(HeaderBytes, into[first..]);
    }

    public void Write(ulong position, ReadOnlySpan<byte> bytes)
    {
        var (at, first) = Split(position, bytes.Length);
        _view.SafeMemoryMappedViewHandle.WriteSpan(at, bytes[..first]);
        _view.SafeMemoryMappedViewHandle.WriteSpan(HeaderBytes, bytes[first..]);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private (ulong At, int First) Split(ulong position, int length)
    {
        var offset = position % Capacity;
        return (HeaderBytes + offset, (int)Math.Min((ulong)length, Capacity - offset));
    }
}
