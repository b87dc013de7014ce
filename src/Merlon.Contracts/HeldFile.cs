namespace Merlon.Contracts;

/// <summary>A file that one process holds at a time (flock).</summary>
public static class HeldFile
{
    private const int Ewouldblock = 11;

    /// <summary>Null when another one holds it. Any other trouble (disk full, read-only) is the IOException that it is.</summary>
    public static FileStream? TryTake(string path)
    {
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == Ewouldblock)
        {
            return null;
        }
    }
}
