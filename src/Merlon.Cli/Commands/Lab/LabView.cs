using Merlon.Cli.Output;

namespace Merlon.Cli.Commands.Lab;

/// <summary>What a lab looks like to people.</summary>
internal static class LabView
{
    public static async Task<LabStatus> Read(Lab lab, CancellationToken cancel)
    {
        lab.MustExist();
        var running = await lab.RunningVms(cancel);
        var vms = await Task.WhenAll(LabPlan.Vms.Select(vm => Read(running.GetValueOrDefault(vm.Name), vm, cancel)));
        return new(lab.Paths.Instance, lab.First.Namespace, lab.First.Uri,
            [.. lab.Hosts.Select(h => new LabHostStatus(h.Name, h.Paths.Instance, h.Namespace, h.Uri))], vms);
    }

    public static void Show(Call call, LabStatus status)
    {
        foreach (var host in status.Hosts) call.Out.WriteLine($"{host.Name}: namespace {host.Namespace}, libvirt {host.LibvirtUri}");
        call.Out.WriteLine();
        var table = new Listing("VM", "TENANT", "LABELS", "STATE", "TAP", "MAC", "ADDRESSES", "HOST");
        foreach (var vm in status.Vms)
        {
            var labels = string.Join(' ', vm.Labels.Select(l => $"{l.Key}={l.Value}"));
            table.Add(vm.Name, vm.Tenant, labels, vm.State, vm.Tap, vm.Mac, string.Join(' ', vm.Addresses), vm.Host);
        }
        table.WriteTo(call);
    }

    private static async Task<LabVmStatus> Read(LabHost? host, LabVm vm, CancellationToken cancel)
    {
        // "vnet3   bridge   br0   virtio   52:54:..."
        var tap = host is not null
            ? (await LabProcess.Output(host.Virsh("-q", "domiflist", vm.Name), cancel)).Trim().Split(' ', 2)[0]
            : null;
        return new(vm.Name, vm.Uuid, vm.Tenant, vm.Labels, vm.Mac, [vm.Ip4, vm.Ip6], host is null ? "off" : "running", tap, host?.Name);
    }
}
