using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>What Merlon needs of the host around the kernel: room, time, certificates, neighbours.</summary>
internal static class HostChecks
{
    private const long MiB = 1 << 20;
    private static readonly string[] LibvirtSockets = ["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"];

    /// <param name="programFile">The BPF object that an agent of this installation loads.</param>
    public static IEnumerable<DoctorCheck> All(IMachine machine, InstancePaths paths, string programFile)
    {
        yield return Program(machine, programFile);
        yield return Libvirt(machine, paths);
        yield return BridgeNetfilter.Check(machine.Read);
        yield return Disk(machine, paths.Var);
        foreach (var check in Certificates(machine, paths)) yield return check;
    }

    private static DoctorCheck Program(IMachine machine, string file)
    {
        const int Bpf = 247; // e_machine of an ELF header (elf(5))
        var header = machine.Start(file, 20);
        if (header is [0x7f, (byte)'E', (byte)'L', (byte)'F', .., Bpf, 0]) return Checked.Ok("program", file);
        return Checked.Broken("program", machine.Exists(file) ? $"{file} is not a BPF object" : $"{file} is missing",
            "reinstall Merlon, or build it (./dev build); an agent that runs goes on without it, none can start");
    }

    private static DoctorCheck Libvirt(IMachine machine, InstancePaths paths)
    {
        var problems = new List<string>();
        foreach (var socket in LibvirtSockets.Prepend($"{paths.Run}/libvirt/libvirt-sock"))
        {
            if (machine.ConnectProblem(socket) is not { } problem) return Checked.Ok("libvirt", socket);
            if (machine.Exists(socket)) problems.Add($"{socket}: {problem}");
        }
        return Checked.Broken("libvirt", problems.Count > 0 ? string.Join("; ", problems) : "no libvirt daemon is running", "systemctl start libvirtd (or virtqemud); without libvirt only 'merlon attach' guards anything");
    }

    private static DoctorCheck Disk(IMachine machine, string folder)
    {
        if (machine.FreeBytes(folder) is not { } free) return Checked.Warning("disk", $"free room below {folder} is unknown", $"df {folder}");
        var found = string.Create(CultureInfo.InvariantCulture, $"{free / MiB} MiB free below {folder}");
        return free < 100 * MiB ? Checked.Broken("disk", found, "make room: revisions and queued flows could not be kept")
            : free < 1024 * MiB ? Checked.Warning("disk", found, "make room soon") : Checked.Ok("disk", found);
    }

    private static IEnumerable<DoctorCheck> Certificates(IMachine machine, InstancePaths paths)
    {
        var files = machine.List(paths.Pki).Where(f => f.EndsWith(".pem", StringComparison.Ordinal)).ToList();
        if (files.Count == 0)
        {
            yield return Checked.Warning("certificates", $"none in {paths.Pki}", "they are made when agent or controller starts first");
            yield break;
        }
        foreach (var file in files) yield return Certificate(machine, $"{paths.Pki}/{file}");
    }

    private static DoctorCheck Certificate(IMachine machine, string path)
    {
        var name = $"certificate {Path.GetFileNameWithoutExtension(path)}";
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(machine.Read(path) ?? "");
            DateTimeOffset from = certificate.NotBefore.ToUniversalTime(), to = certificate.NotAfter.ToUniversalTime();
            var until = to.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            if (machine.Now < from) return Checked.Broken(name, $"the clock is wrong: it is {machine.Now:yyyy-MM-dd} here, before {Path.GetFileName(path)} was made", "set the clock (timedatectl set-ntp true)");
            if (machine.Now >= to) return Checked.Broken(name, $"expired on {until}", $"move {Path.GetDirectoryName(path)} away and restart controller and agent, or set the clock if that is wrong");
            return to - machine.Now < TimeSpan.FromDays(14)
                ? Checked.Warning(name, $"ends on {until}", $"move {Path.GetDirectoryName(path)} away and restart controller and agent at a quiet time")
                : Checked.Ok(name, $"valid until {until}");
        }
        catch (CryptographicException)
        {
            return Checked.Broken(name, $"{path} is not a readable certificate", $"move {Path.GetDirectoryName(path)} away and restart controller and agent");
        }
    }
}
