using System.Diagnostics;
using System.Globalization;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Brings a lab up: host, guest image, VMs in parallel, until each probe answers.</summary>
internal sealed class LabStart(Call call, LabHost host)
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
        call.Say($"host: namespace {host.Namespace}, bridge {LabPlan.Bridge}, libvirtd");
        await host.Up(Agent(), cancel);
        var kvm = File.Exists("/dev/kvm");
        call.Say($"VMs: starting {vms.Count} under {(kvm ? "KVM" : "emulation (no /dev/kvm)")}");
        await Task.WhenAll(vms.Select(vm => Start(vm, guest, kvm, cancel)));
        call.Say(string.Create(CultureInfo.InvariantCulture, $"the lab is up after {clock.Elapsed.TotalSeconds:f1} s; libvirt: {host.Uri}"));
    }

    private string? Agent() => AgentProgram.Path(call) is var path && File.Exists(path) && File.Exists(AgentProgram.BpfObject(call)) ? path : null;

    private async Task<bool> IsUp(IReadOnlyList<LabVm> vms, CancellationToken cancel)
    {
        if (!host.Exists || !File.Exists(host.Socket)) return false;
        try
        {
            var running = await host.RunningVms(cancel);
            return vms.All(vm => running.Contains(vm.Name));
        }
        catch (CliException)
        {
            return false; // its libvirtd was killed: what is left gets cleaned
        }
    }

    private async Task Start(LabVm vm, LabGuest guest, bool kvm, CancellationToken cancel)
    {
        var file = $"{host.Folder}/domains/{vm.Name}.xml";
        await File.WriteAllTextAsync(file, LabDomain.Xml(vm, host, guest, kvm), cancel);
        await LabProcess.Output(host.Virsh("-q", $"define {file}; start {vm.Name}"), cancel);
        await using var line = await ProbeLine.Open(host, vm.Name, cancel);
        try
        {
            await line.Send("hello", cancel).WaitAsync(BootLimit, cancel);
        }
        catch (TimeoutException)
        {
            throw new CliException($"VM {vm.Name} does not answer", $"its console is in {host.Folder}/log/{vm.Name}.console");
        }
        call.Say(string.Create(CultureInfo.InvariantCulture, $"  {vm.Name,-9} up after {clock.Elapsed.TotalSeconds:f1} s"));
    }
}
