using System.Globalization;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>What Merlon needs of the kernel and of the rights of whoever asks.</summary>
internal static class KernelChecks
{
    private static readonly Version Oldest = new(6, 1);
    private static readonly Version WithTcx = new(6, 6);
    private static readonly Version WithoutMemlock = new(5, 11);

    public static IEnumerable<DoctorCheck> All(IMachine machine)
    {
        var release = (machine.Read("/proc/sys/kernel/osrelease") ?? "").Trim();
        var version = VersionOf(release);
        yield return Root(machine);
        yield return Checked.That("kernel", version >= Oldest, $"Linux {release}", $"boot a kernel of at least {Oldest} (Debian 12 has it)");
        yield return Btf(machine);
        yield return Bpffs(machine);
        yield return TcHook(machine, release, version);
        yield return Jit(machine);
        yield return Memlock(machine, version);
    }

    /// <summary>6.18.44-cloud-amd64 → 6.18; nothing readable → 0.0.</summary>
    internal static Version VersionOf(string release)
    {
        var parts = string.Concat(release.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')).Split('.');
        return parts.Length >= 2 && int.TryParse(parts[0], out var major) && int.TryParse(parts[1], out var minor) ? new(major, minor) : new(0, 0);
    }

    private static DoctorCheck Root(IMachine machine)
    {
        var uid = Field(machine.Read("/proc/self/status"), "Uid:", 1);
        return Checked.That("root", uid == "0", "running as root", "use sudo: the other checks see only half without it", broken: $"running as user {uid}");
    }

    private static DoctorCheck Btf(IMachine machine)
    {
        const string file = "/sys/kernel/btf/vmlinux";
        if (machine.Start(file, 2) is [0x9f, 0xeb] or [0xeb, 0x9f]) return Checked.Ok("btf", file);
        return Checked.Broken("btf", machine.Exists(file) ? $"{file} is there but holds no BTF" : "this kernel carries no BTF",
            machine.Exists(file) ? $"something is mounted over it: umount {file}" : "boot a kernel with CONFIG_DEBUG_INFO_BTF=y (Debian's are)");
    }

    private static DoctorCheck Bpffs(IMachine machine)
    {
        const string folder = "/sys/fs/bpf";
        // The last mount hides those before it.
        var mount = (machine.Read("/proc/self/mounts") ?? "").Split('\n').LastOrDefault(l => l.Split(' ') is [_, folder, ..]);
        if (mount?.Split(' ')[2] is not "bpf")
            return Checked.Broken("bpffs", mount is null ? $"no bpffs is mounted on {folder}" : $"a {mount.Split(' ')[2]} is mounted over {folder}", $"mount -t bpf bpf {folder}");
        return machine.WriteProblem(folder) is { } problem
            ? Checked.Broken("bpffs", $"{folder} cannot be written: {problem}", $"mount -o remount,rw {folder}, as root")
            : Checked.Ok("bpffs", $"{folder}, writable");
    }

    private static DoctorCheck TcHook(IMachine machine, string release, Version version)
    {
        if (version >= WithTcx) return Checked.Ok("tc-hook", "tcx");
        var modules = $"/lib/modules/{release}";
        var builtin = machine.Read($"{modules}/modules.builtin") ?? "";
        var loadable = machine.Read($"{modules}/modules.dep") ?? "";
        string[] needed = ["sch_ingress", "cls_bpf"];
        var missing = needed.Where(m => !machine.Exists($"/sys/module/{m}") && !builtin.Contains($"/{m}.ko", StringComparison.Ordinal) && !loadable.Contains($"/{m}.ko", StringComparison.Ordinal)).ToList();
        return missing.Count == 0
            ? Checked.Warning("tc-hook", "clsact (no tcx before 6.6): no guarding of interfaces with libvirt's <bandwidth>", "boot a kernel of at least 6.6 to have both")
            : Checked.Broken("tc-hook", $"neither tcx nor clsact: {string.Join(", ", missing)} missing", "install the kernel's modules package, or boot Debian's kernel");
    }

    private static DoctorCheck Jit(IMachine machine)
    {
        var value = machine.Read("/proc/sys/net/core/bpf_jit_enable")?.Trim();
        return value == "0"
            ? Checked.Warning("bpf-jit", "the BPF JIT is off: every packet costs many times more", "sysctl -w net.core.bpf_jit_enable=1")
            : Checked.Ok("bpf-jit", value is null ? "always on" : "on");
    }

    private static DoctorCheck Memlock(IMachine machine, Version version)
    {
        var line = (machine.Read("/proc/self/limits") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith("Max locked memory", StringComparison.Ordinal));
        var soft = line?["Max locked memory".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "unknown";
        if (version >= WithoutMemlock) return Checked.Ok("memlock", $"{soft} (not used for BPF by this kernel)");
        return Checked.That("memlock", soft == "unlimited", soft, "ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit", broken: string.Create(CultureInfo.InvariantCulture, $"ulimit -l is {soft}"));
    }

    private static string Field(string? text, string name, int column)
    {
        var line = (text ?? "").Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line?.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is { } words && words.Length > column ? words[column] : "unknown";
    }
}
