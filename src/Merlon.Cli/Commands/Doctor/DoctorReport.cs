using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>All checks of a machine, those that need nothing running first; what a running agent knows better replaces ours.</summary>
/// <param name="programFile">The BPF object of this installation.</param>
/// <param name="agent">Checks of the running agent; throws when it does not answer.</param>
/// <param name="controller">The controller's clock; throws when it does not answer.</param>
internal sealed class DoctorReport(
    IMachine machine, InstancePaths paths, string programFile,
    Func<CancellationToken, Task<IReadOnlyList<DoctorCheck>>> agent, Func<CancellationToken, Task<DateTimeOffset?>> controller)
{
    /// <summary>The agent's names for what the kernel checks here have said already.</summary>
    private static readonly HashSet<string> SaidAlready = ["permission", "kernel-too-old", "no-btf", "bpffs-missing", "bpffs-not-writable", "tcx"];
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    public async Task<IReadOnlyList<DoctorCheck>> Run(CancellationToken cancel)
    {
        List<DoctorCheck> checks = [.. KernelChecks.All(machine), .. HostChecks.All(machine, paths, programFile), .. await PinChecks.All(machine, paths)];
        checks.AddRange(await Controller(cancel));
        try
        {
            var told = await agent(cancel);
            checks.Add(Checked.Ok("agent", paths.AgentSocket));
            // Its view of libvirt and controller is the one that counts: it is who needs them.
            var ours = checks.Count;
            foreach (var check in told.Where(t => t.Result != "ok" || !SaidAlready.Contains(t.Name))) Put(checks, ours, check);
        }
        catch (CliException e)
        {
            checks.Add(Checked.Broken("agent", e.Message, e is NoAnswerException ? "start merlon-agent; until then the kernel enforces what it last had" : e.Mend ?? "see 'merlon status'"));
        }
        return checks;
    }

    private async Task<DoctorCheck[]> Controller(CancellationToken cancel)
    {
        try
        {
            var off = await controller(cancel) is { } there ? (machine.Now - there).Duration() : TimeSpan.Zero;
            return [Checked.Ok("controller-api", "answers"), off <= ClockTolerance
                ? Checked.Ok("clock", "agrees with the controller's")
                : Checked.Warning("clock", $"{off.TotalSeconds:0} s away from the controller's", "timedatectl set-ntp true, on both")];
        }
        catch (CliException e)
        {
            return [Checked.Broken("controller-api", e.Message, e is NoAnswerException ? "start merlon-controller; until then the last policy stays in force" : e.Mend ?? "see 'merlon status'")];
        }
    }

    // Among what the agent says several may have one name: two interfaces with the same alarm.
    private static void Put(List<DoctorCheck> checks, int ours, DoctorCheck check)
    {
        var at = checks.FindIndex(0, ours, c => c.Name == check.Name);
        if (at >= 0) checks[at] = check;
        else checks.Add(check);
    }
}
