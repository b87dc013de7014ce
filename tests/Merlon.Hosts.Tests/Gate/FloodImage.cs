using Merlon.Contracts;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>Kernel and initramfs of a <see cref="FloodGuest"/>: the lab's, with first.c in the place of its init.</summary>
public sealed record FloodImage(string Kernel, string Initrd)
{
    private const string Cache = "/var/cache/merlon-lab";

    public static FloodImage Make(string folder)
    {
        var guest = LabGuest();
        var source = Path.Combine(Repository.Root, "tests", "Merlon.Hosts.Tests", "Gate", "first.c");
        var tree = Directory.CreateDirectory(Path.Combine(folder, "first")).FullName;
        Shell.Run("gcc", "-static", "-O2", "-s", "-Wall", "-Wextra", "-Werror", "-std=gnu17", "-D_GNU_SOURCE", "-o", $"{tree}/init", source).Ok();
        // A later archive's file takes the place of an earlier one's (Documentation/driver-api/early-userspace/buffer-format.rst).
        Shell.Run("sh", "-c", $"cd {tree} && echo init | cpio -o -H newc --quiet | cat {guest}/initrd - > {folder}/initrd").Ok();
        return new($"{guest}/vmlinuz", $"{folder}/initrd");
    }

    // As 'merlon lab up' keeps it; made here when no lab was up before.
    private static string LabGuest()
    {
        var script = Path.Combine(Repository.Root, "lab", "guest.sh");
        var folder = $"{Cache}/guest-{Shell.Run(script, "--key").Ok().Trim()}";
        if (Directory.Exists(folder)) return folder;
        // A lab that begins now waits, or has it made by the time that it is our turn.
        FileStream? turn = null;
        Directory.CreateDirectory(Cache);
        Product.Until("nobody else makes it", TimeSpan.FromMinutes(5), () => (turn = HeldFile.TryTake($"{Cache}/lock")) is not null);
        using var held = turn;
        if (Directory.Exists(folder)) return folder;
        var aside = $"{folder}.{Environment.ProcessId}";
        Shell.Run(TimeSpan.FromMinutes(5), script, aside).Ok();
        Directory.Move(aside, folder);
        return folder;
    }
}
