using System.Runtime.InteropServices;

namespace Merlon.Policy.Compile;

/// <summary>Arrays equal by content.</summary>
internal sealed class ContentComparer<T> : IEqualityComparer<T[]>, IAlternateEqualityComparer<ReadOnlySpan<T>, T[]> where T : unmanaged, IEquatable<T>
{
    public static readonly ContentComparer<T> Instance = new();

    public bool Equals(T[]? x, T[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(T[] array) => GetHashCode(array.AsSpan());

    public bool Equals(ReadOnlySpan<T> alternate, T[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<T> alternate)
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(alternate));
        return hash.ToHashCode();
    }

    public T[] Create(ReadOnlySpan<T> alternate) => alternate.ToArray();
}
