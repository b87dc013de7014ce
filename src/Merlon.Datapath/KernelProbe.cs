using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>What this kernel and this process offer, one check a line; used by <see cref="KernelDatapath.Open"/> and doctor.</summary>
public static class KernelProbe
{
    private static readonly Version s_oldest = new(6, 1);

    /// <summary>Every check, passed or not, in the order a person should mend them.</summary>
    public static IReadOnlyList<ProbeCheck> Run(string bpffsFolder) =>
        [.. Needed(bpffsFolder), Tcx()];

    /// <summary>Whether the file is a BPF object: without it the next start fails.</summary>
    public static ProbeCheck Program(string path)
    {
        try
        {
            if (!File.Exists(path)) return new("program", false, $"{path} is missing", "reinstall Merlon, or build it again (./dev build)");
            using var file = ObjectFile.Open(path);
            return new("program", true, path, "");
        }
        catch (DatapathException e)
        {
            return new("program", false, e.Message, e.Mend);
        }
    }

    /// <summary>Whether tcx links exist (6.6); without them interfaces get clsact filters.</summary>
    public static bool HasTcx => Bpf.QueryTcx(1, Bpf.AttachTcxIngress, new uint[64]) is >= 0 or -Libc.Enoent or -Libc.Enospc;

    /// <summary>Throws for the first check that failed and that Merlon cannot do without.</summary>
    internal static void Require(string bpffsFolder)
    {
        if (Needed(bpffsFolder).FirstOrDefault(c => !c.Ok) is { } missing) throw new DatapathException(missing.Name, missing.Found, missing.Mend);
    }

    // The folder is written to only where it is known to be a bpffs.
    private static IReadOnlyList<ProbeCheck> Needed(string bpffsFolder)
    {
        var mounted = BpffsMounted(bpffsFolder);
        return mounted.Ok ? [Root(), Release(), Btf(), mounted, BpffsWritable(bpffsFolder)] : [Root(), Release(), Btf(), mounted];
    }

    private static ProbeCheck Root() =>
        HasCapability(39) && HasCapability(12)
            ? new("permission", true, "CAP_BPF and CAP_NET_ADMIN", "")
            : new("permission", false, "this process lacks CAP_BPF or CAP_NET_ADMIN", "run as root");

    private static ProbeCheck Release()
    {
        var text = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var digits = string.Concat(text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')).TrimEnd('.');
        var ok = !Version.TryParse(digits, out var version) || version >= s_oldest;
        return new("kernel-too-old", ok, $"kernel {text}", ok ? "" : $"boot a kernel of at least {s_oldest} (Debian 12)");
    }

    private static ProbeCheck Btf()
    {
        const string path = "/sys/kernel/btf/vmlinux";
        var file = new FileInfo(path);
        return file is { Exists: true, Length: > 0 } ? new("no-btf", true, path, "")
            : file.Exists ? new("no-btf", false, $"{path} is empty", $"something is mounted over it: umount {path}")
            : new("no-btf", false, "this kernel carries no BTF", "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (every Debian kernel is)");
    }

    private static ProbeCheck BpffsMounted(string folder) =>
        Bpffs.Holds(folder)
            ? new("bpffs-missing", true, folder, "")
            : new("bpffs-missing", false, $"'{folder}' is not in a bpffs", "mount -t bpf bpf /sys/fs/bpf");

    private static ProbeCheck BpffsWritable(string folder)
    {
        var probe = Path.Combine(Bpffs.Nearest(folder), $"probe-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return new("bpffs-not-writable", true, folder, "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("bpffs-not-writable", false, $"cannot write '{folder}': {e.Message}", "run as root; mount -o remount,rw /sys/fs/bpf");
        }
    }

    private static ProbeCheck Tcx() =>
        new("tcx", true, HasTcx ? "tcx links" : "no tcx (before 6.6): clsact filters, which exclude libvirt's <bandwidth> on the same interface", "");

    private static bool HasCapability(int number)
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return line is not null && (Convert.ToUInt64(line[7..].Trim(), 16) >> number & 1) != 0;
    }
}
