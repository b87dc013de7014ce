using Merlon.Contracts;

namespace Merlon.Cli.Commands.Lab;

/// <summary>The guest's kernel and initramfs, built once and kept by a hash of what goes into them.</summary>
internal sealed record LabGuest(string Kernel, string Initrd)
{
    private const string Cache = "/var/cache/merlon-lab";

    public static async Task<LabGuest> Build(Call call, CancellationToken cancel)
    {
        var script = LabFiles.Script("guest.sh");
        var key = (await LabProcess.Output([script, "--key"], cancel)).Trim();
        var folder = $"{Cache}/guest-{key}";
        if (Directory.Exists(folder)) return Of(folder);
        using var turn = await Turn(cancel);
        if (!Directory.Exists(folder))
        {
            call.Say("guest: building kernel and initramfs from Debian packages (once)");
            // Built aside and renamed, so that a build that was killed is never taken for a whole one.
            var aside = $"{folder}.{Environment.ProcessId}";
            if (await LabProcess.Attached([script, aside]) != 0)
            {
                if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
                throw new CliException("the guest could not be built", "see the lines above");
            }
            Keep(aside, folder);
        }
        return Of(folder);
    }

    private static LabGuest Of(string folder) => new($"{folder}/vmlinuz", $"{folder}/initrd");

    // Two labs that begin at once build one guest.
    private static async Task<FileStream> Turn(CancellationToken cancel)
    {
        Directory.CreateDirectory(Cache);
        while (true)
        {
            if (HeldFile.TryTake($"{Cache}/lock") is { } turn) return turn;
            await Task.Delay(200, cancel);
        }
    }

    private static void Keep(string aside, string folder)
    {
        foreach (var old in Directory.GetDirectories(Cache, "guest-*"))
            if (old != aside && old != folder) Directory.Delete(old, recursive: true);
        Directory.Move(aside, folder);
    }
}
