using Merlon.Cli.Output;

namespace Merlon.Cli.Commands.Lab;

/// <summary>What a lab looks like to people.</summary>
internal static class LabView
{
    public static async Task<LabStatus> Read(LabHost host, CancellationToken cancel)
    {
        host.MustExist();
        var running = await host.RunningVms(cancel);
        var vms = await Task.WhenAll(LabPlan.Vms.Select(vm => Read(host, vm, running.Contains(vm.Name), cancel)));
        return new(host.Paths.Instance, host.Namespace, host.Uri, vms);
    }

    public static void Show(Call call, LabStatus status)
    {
        call.Out.WriteLine($"namespace {status.Namespace}, libvirt {status.LibvirtUri}");
        call.Out.WriteLine();
        var table = new Listing("VM", "TENANT", "LABELS", "STATE", "TAP", "MAC", "ADDRESSES");
        foreach (var vm in status.Vms)
        {
            var labels = string.Join(' ', vm.Labels.Select(l => $"{l.Key}={l.Value}"));
            table.Add(vm.Name, vm.Tenant, labels, vm.State, vm.Tap, vm.Mac, string.Join(' ', vm.Addresses));
        }
        table.WriteTo(call);
    }

    private static async Task<LabVmStatus> Read(LabHost host, LabVm vm, bool running, CancellationToken cancel)
    {
        // "vnet3   bridge   br0   virtio   52:54:..."
        var tap = running
            ? (await LabProcess.Output(host.Virsh("-q", "domiflist", vm.Name), cancel)).Trim().Split(' ', 2)[0]
            : null;
        return new(vm.Name, vm.Uuid, vm.Tenant, vm.Labels, vm.Mac, [vm.Ip4, vm.Ip6], running ? "running" : "off", tap);
    }
}
