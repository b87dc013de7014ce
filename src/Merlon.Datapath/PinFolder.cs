using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>The pins of one instance: <c>maps/NAME</c>, <c>programs/NAME</c>, <c>links/…</c> and <c>marker</c>.</summary>
/// <remarks>bpffs refuses names with a dot. The marker is written last, so a folder without one was left half made.</remarks>
internal sealed class PinFolder(string root)
{
    public string Root { get; } = root;

    public string Links => Path.Combine(Root, "links");

    public string Marker => Path.Combine(Root, "marker");

    public string Map(string name) => Path.Combine(Root, "maps", name);

    public string Program(string name) => Path.Combine(Root, "programs", name);

    public void Create()
    {
        try
        {
            foreach (var part in new[] { "maps", "programs", "links" }) Directory.CreateDirectory(Path.Combine(Root, part));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatapathException("bpffs-not-writable", $"cannot make {Root}: {e.Message}", $"run as root; mount bpffs writable: mount -o remount,rw {Root}");
        }
    }

    /// <summary>Pins under a name that may be taken: the new pin takes its place in one step.</summary>
    public static void Replace(BpfFd fd, string path)
    {
        var next = path + "-next";
        File.Delete(next);
        Bpf.Pin(fd, next);
        // SAFETY: rename(2) of two paths on one file system.
        if (Libc.Rename(next, path) != 0)
            throw BpfError.Of("pin-failed", $"replacing {path}", -System.Runtime.InteropServices.Marshal.GetLastPInvokeError());
    }

    /// <summary>Removes maps, programs and marker; the caller has seen to the links.</summary>
    public void Clear()
    {
        if (!Directory.Exists(Root)) return;
        File.Delete(Marker);
        foreach (var part in new[] { "links", "programs", "maps" })
            if (Path.Combine(Root, part) is var folder && Directory.Exists(folder)) Empty(folder);
        if (Directory.Exists(Root)) Directory.Delete(Root);
    }

    private static void Empty(string folder)
    {
        foreach (var pin in Directory.GetFiles(folder)) File.Delete(pin);
        Directory.Delete(folder);
    }
}
