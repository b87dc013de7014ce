namespace Merlon.Contracts;

/// <summary>Reads a stream to its end and never more of it than a limit.</summary>
public static class BoundedBytes
{
    /// <summary>Null = it has more than <paramref name="most"/>.</summary>
    public static ReadOnlyMemory<byte>? Read(Stream from, int most)
    {
        using var all = new MemoryStream();
        var chunk = new byte[1 << 16];
        for (int read; (read = from.Read(chunk)) > 0;)
        {
            if (all.Length + read > most) return null;
            all.Write(chunk, 0, read);
        }
        return all.GetBuffer().AsMemory(0, (int)all.Length);
    }
}
