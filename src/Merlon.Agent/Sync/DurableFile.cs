namespace Merlon.Agent.Sync;

/// <summary>Replaces a file so that after a crash it is the old one or the new one, whole. The folder is not synced: a power
/// cut may bring back the old file, but it empties the kernel too, so numbers of the lost one stand for nothing.</summary>
internal static class DurableFile
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(fresh, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
    }
}
