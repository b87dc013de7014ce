using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon attach and detach: guard an interface that libvirt does not know.</summary>
internal static class AttachCommand
{
    public static Command Create()
    {
        var ifname = new Argument<string>("IFNAME") { Description = "The host's side of the interface: a tap or a veth" };
        var vm = new Option<string>("--vm") { Description = "Name of the VM behind it", HelpName = "NAME", Required = true };
        var tenant = new Option<string>("--tenant") { Description = "Its tenant", HelpName = "T", Required = true };
        var labels = new Option<string[]>("--labels") { Description = "Its labels: k=v,k=v", HelpName = "LABELS", AllowMultipleArgumentsPerToken = true };
        var mac = new Option<string?>("--mac") { Description = "The guest's own MAC address", HelpName = "MAC" };
        var address = new Option<string[]>("--address") { Description = "An address of the guest; may be given again", HelpName = "ADDRESS", AllowMultipleArgumentsPerToken = true };
        var network = new Option<string?>("--network") { Description = "Its bridge (default: the interface's master)", HelpName = "BRIDGE" };
        var verb = new Verb("attach", "Guard an interface that libvirt does not know (bare QEMU, containers)",
            "merlon attach tap7 --vm db-9 --tenant shop --labels tier=db --mac 52:54:00:00:00:09 --address 10.8.0.9")
        {
            ifname, vm, tenant, labels, mac, address, network,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var request = new AttachRequest(call.Get(ifname), call.Get(vm)!, call.Get(tenant), LabelsOf(call.Get(labels) ?? []), call.Get(mac), call.Get(address), call.Get(network));
            using var agent = Agent.Connect(call);
            var result = await agent.Post("/v1/attach", request, ApiJson.Default.AttachRequest, ApiJson.Default.AttachResult, cancel);
            Show(call, result);
            return ExitCode.Ok;
        });
    }

    public static Command CreateDetach()
    {
        var ifname = new Argument<string>("IFNAME") { Description = "An interface that was attached by hand" };
        return new Verb("detach", "Stop guarding an interface that was attached by hand", "merlon detach tap7") { ifname }.Runs(async (call, cancel) =>
        {
            using var agent = Agent.Connect(call);
            var result = await agent.Delete($"/v1/attach/{Uri.EscapeDataString(call.Get(ifname))}", ApiJson.Default.AttachResult, cancel);
            Show(call, result);
            return ExitCode.Ok;
        });
    }

    private static void Show(Call call, AttachResult result) => call.Print(result, ApiJson.Default.AttachResult, r =>
        call.Out.WriteLine(Printable.Line(FormattableString.Invariant($"{r.Ifname} of {r.Vm} ({r.VmUuid}) is {(r.Attached ? "guarded" : "not guarded")} ({r.Ms:0.0} ms)"))));

    private static Dictionary<string, string> LabelsOf(string[] given)
    {
        var labels = new Dictionary<string, string>();
        foreach (var label in given.SelectMany(g => g.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            var at = label.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new CliException($"'{label}' is not a label", "write key=value");
            if (!labels.TryAdd(label[..at], label[(at + 1)..])) throw new CliException($"label '{label[..at]}' is given twice");
        }
        return labels;
    }
}
