namespace Merlon.Policy.Compile;

/// <summary>Arrays equal by content.</summary>
internal sealed class ContentComparer<T> : IEqualityComparer<T[]> where T : unmanaged, IEquatable<T>
{
    public static readonly ContentComparer<T> Instance = new();

    public bool Equals(T[]? x, T[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(T[] array)
    {
        var hash = new HashCode();
        hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(array.AsSpan()));
        return hash.ToHashCode();
    }
}
