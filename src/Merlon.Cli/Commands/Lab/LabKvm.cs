namespace Merlon.Cli.Commands.Lab;

/// <summary>Whether KVM runs the lab's guest. A nested /dev/kvm can be there and not start it, or never end its first instructions: only a guest that ran tells.</summary>
internal static class LabKvm
{
    private const int Seconds = 10;

    /// <returns>Null, or why VMs must be emulated here.</returns>
    public static async Task<string?> Missing(LabGuest guest)
    {
        if (!File.Exists("/dev/kvm")) return "no /dev/kvm";
        // With no root to mount its kernel panics, and the machine ends in place of starting again: all of it ran.
        var (code, said) = await LabProcess.Told(["timeout", "--kill-after=1", $"{Seconds}", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "128", "-kernel", guest.Kernel, "-append", "quiet panic=-1 mitigations=off"], _ => { });
        return code switch
        {
            0 => null,
            124 or 137 => $"under KVM a guest does not come up within {Seconds} s here",
            _ => $"KVM runs no guest here: {said.Split('\n').FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal)) ?? $"exit {code}"}",
        };
    }
}
