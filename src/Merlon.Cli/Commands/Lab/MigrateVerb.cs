using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Merlon.Cli.Output;

namespace Merlon.Cli.Commands.Lab;

/// <summary>merlon lab migrate: moves a running VM to the lab's other host, live.</summary>
internal static partial class MigrateVerb
{
    private const int ToldEveryPercent = 20;

    public static Verb Create(Argument<string> vm)
    {
        var host = new Argument<string?>("HOST") { Description = "Where to; the other host when not given", Arity = ArgumentArity.ZeroOrOne };
        host.CompletionSources.Add([LabHost.NameOf(1), LabHost.NameOf(2)]);
        return new Verb("migrate", "Move a running VM to the other host, live (lab up --hosts 2)", "merlon lab migrate web-1", "merlon lab migrate web-1 host-1 -o json") { vm, host }
            .Runs(async (call, cancel) =>
            {
                var moved = await Move(call, LabPlan.Named(call.Get(vm)), call.Get(host), cancel);
                call.Print(moved, LabJson.Default.LabMove, m => call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{m.Vm} runs on {m.To} after {m.Seconds:f1} s; it stood still for {m.DowntimeMs} ms")));
                return ExitCode.Ok;
            });
    }

    private static async Task<LabMove> Move(Call call, LabVm vm, string? to, CancellationToken cancel)
    {
        var lab = Lab.Of(call);
        var target = to is null ? null : lab.Host(to);
        var from = await lab.HostOf(vm, cancel);
        target ??= lab.Hosts.FirstOrDefault(h => h != from)
            ?? throw new CliException("the lab has one host: there is nowhere to go", "merlon lab down; merlon lab up --hosts 2", ExitCode.NotFound);
        if (target == from) throw new CliException($"{vm.Name} runs on {from.Name} already", "see 'merlon lab status'", ExitCode.Conflict);
        var clock = Stopwatch.StartNew();
        var told = 0;
        call.Say($"{vm.Name}: {from.Name} -> {target.Name}");
        // Both ends are sockets in files: nothing of the lab listens where its VMs could reach it.
        var (code, said) = await LabProcess.Told(from.Virsh("-q", "migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--verbose",
            vm.Name, target.Uri, "--migrateuri", $"unix://{target.Folder}/run/{vm.Name}.migration"), text =>
            {
                if (Percent(text) is not { } percent || percent < told + ToldEveryPercent) return;
                told = percent;
                call.Say(string.Create(CultureInfo.InvariantCulture, $"  {percent} %"));
            });
        cancel.ThrowIfCancellationRequested();
        if (code != 0)
            throw new CliException($"{vm.Name} did not move: {Errors(said)}", $"it runs on {await Whereabouts(lab, vm, cancel)}; see {target.Folder}/libvirtd.log");
        var downtime = DowntimeLine().Match(await LabProcess.Output(target.Virsh("-q", "domjobinfo", vm.Name, "--completed"), cancel));
        if (!downtime.Success) throw new CliException($"{vm.Name} moved, but libvirt does not say how", "see 'merlon lab virsh --on HOST domjobinfo VM --completed'");
        return new(vm.Name, from.Name, target.Name, Math.Round(clock.Elapsed.TotalSeconds, 1), long.Parse(downtime.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private static async Task<string> Whereabouts(Lab lab, LabVm vm, CancellationToken cancel) =>
        (await lab.RunningVms(cancel)).GetValueOrDefault(vm.Name)?.Name ?? "no host";

    private static int? Percent(string text) =>
        ProgressMark().Matches(text) is { Count: > 0 } marks ? int.Parse(marks[^1].Groups[1].Value, CultureInfo.InvariantCulture) : null;

    // Between marks of its progress, each ended by a carriage return or nothing.
    private static string Errors(string said) =>
        string.Join(' ', ProgressMark().Replace(said, "\n").Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    [GeneratedRegex(@"Migration: \[\s*(\d+)\s*%\]")]
    private static partial Regex ProgressMark();

    [GeneratedRegex(@"Total downtime:\s+(\d+)\s+ms")]
    private static partial Regex DowntimeLine();
}
