namespace Merlon.Datapath.Native;

/// <summary>Whether a path lies in a mounted bpffs.</summary>
internal static unsafe class Bpffs
{
    private const long Magic = 0xcafe4a11;

    /// <summary>The nearest ancestor that exists, or the path itself.</summary>
    public static string Nearest(string path)
    {
        var at = Path.GetFullPath(path);
        while (!Path.Exists(at)) at = Path.GetDirectoryName(at)!;
        return at;
    }

    /// <summary>Looks at the nearest ancestor that exists.</summary>
    public static bool Holds(string path)
    {
        StatFsBuffer buffer;
        // SAFETY: 256 bytes are more than the kernel's struct statfs (120).
        return Libc.StatFs(Nearest(path), &buffer) == 0 && buffer.Type == Magic;
    }
}
