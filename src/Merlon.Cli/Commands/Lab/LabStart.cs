using System.Diagnostics;
using System.Globalization;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Brings a lab up: hosts, guest image, VMs in parallel, until each probe answers.</summary>
/// <param name="count">Of hosts: 1 or 2.</param>
internal sealed class LabStart(Call call, Lab lab, int count)
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromMinutes(2);
    private readonly Stopwatch clock = Stopwatch.StartNew();

    public async Task Run(IReadOnlyList<LabVm> vms, CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess) throw new CliException("the lab needs root", "run 'sudo merlon lab up'", ExitCode.Denied);
        if (await IsUp(vms, cancel))
        {
            call.Say("the lab is up already");
            return;
        }
        var guest = await LabGuest.Build(call, cancel);
        await lab.Down(AgentProgram.Path(call), cancel);
        if (count == 1) await One(cancel);
        else await Two(cancel);
        var missing = await LabKvm.Missing(guest);
        call.Say($"VMs: starting {vms.Count} under {(missing is null ? "KVM" : $"emulation ({missing})")}");
        await Task.WhenAll(vms.Select(vm => Start(vm, guest, missing is null, cancel)));
        call.Say(string.Create(CultureInfo.InvariantCulture, $"the lab is up after {clock.Elapsed.TotalSeconds:f1} s; libvirt: {string.Join(", ", lab.Hosts.Select(h => h.Uri))}"));
    }

    private Task One(CancellationToken cancel)
    {
        call.Say($"host: namespace {lab.First.Namespace}, bridge {LabPlan.Bridge}, libvirtd");
        return lab.First.Up(Agent(), cancel);
    }

    private Task Two(CancellationToken cancel)
    {
        if (Agent() is not { } agent || Path.GetDirectoryName(agent) is not { Length: > 0 } programs || !File.Exists(Path.Combine(programs, "merlon-controller")))
            throw new CliException("two hosts need merlon-agent, firewall.bpf.o and merlon-controller in one folder", "build them ('./dev build'), or name the agent with MERLON_AGENT");
        call.Say($"hosts: namespaces {lab.First.Namespace} and {lab.Second.Namespace}, a cable between their bridges, a libvirtd and an agent each, one controller");
        return lab.UpTwo(programs, cancel);
    }

    private string? Agent() => AgentProgram.Path(call) is var path && File.Exists(path) && File.Exists(AgentProgram.BpfObject(call)) ? path : null;

    private async Task<bool> IsUp(IReadOnlyList<LabVm> vms, CancellationToken cancel)
    {
        if (lab.Hosts.Any(h => !h.Exists || !File.Exists(h.Socket))) return false;
        try
        {
            var running = await lab.RunningVms(cancel);
            if (!vms.All(vm => running.ContainsKey(vm.Name)) || (lab.Hosts.Count == 2 && !await lab.HasParts(cancel))) return false;
        }
        catch (CliException)
        {
            return false; // its libvirtd was killed: what is left gets cleaned
        }
        return lab.Hosts.Count == count ? true : throw new CliException($"the lab is up, with {lab.Hosts.Count} host{(lab.Hosts.Count == 1 ? "" : "s")}", "merlon lab down first", ExitCode.Conflict);
    }

    private async Task Start(LabVm vm, LabGuest guest, bool kvm, CancellationToken cancel)
    {
        var host = count == 2 && vm.Home == 2 ? lab.Second : lab.First;
        var file = $"{host.Folder}/domains/{vm.Name}.xml";
        await File.WriteAllTextAsync(file, LabDomain.Xml(vm, guest, kvm), cancel);
        await LabProcess.Output(host.Virsh("-q", $"define {file}; start {vm.Name}"), cancel);
        await using var line = await ProbeLine.Open(lab, vm.Name, cancel);
        try
        {
            await line.Send("hello", cancel).WaitAsync(BootLimit, cancel);
        }
        catch (TimeoutException)
        {
            throw new CliException($"VM {vm.Name} does not answer", $"its console is in {host.Console(vm.Name)}");
        }
        call.Say(string.Create(CultureInfo.InvariantCulture, $"  {vm.Name,-9} up after {clock.Elapsed.TotalSeconds:f1} s"));
    }
}
