using System.CommandLine;
using Merlon.Cli.Output;

namespace Merlon.Cli.Commands.Lab;

/// <summary>merlon lab: real VMs on this machine, in namespaces of their own.</summary>
internal static class LabCommand
{
    public static Command Create() => new Verb("lab", "Real VMs on this machine to try things on", "merlon lab up", "merlon lab matrix", "merlon lab down")
    {
        Up(), Down(), Status(), MigrateVerb.Create(Vm()), MatrixVerb.Create(), Probe(), Console(), Virsh(), Exec(),
    };

    private static Verb Up()
    {
        var only = new Option<string[]>("--only") { Description = "Only these VMs", HelpName = "VM,..", DefaultValueFactory = _ => [] };
        var hosts = new Option<int>("--hosts") { Description = "1: VMs only. 2: two hosts, between which VMs move, with controller and agents", DefaultValueFactory = _ => 1 };
        hosts.CompletionSources.Add("1", "2");
        hosts.Validators.Add(r => { if (r.Tokens is [{ Value: not ("1" or "2") }]) r.AddError("--hosts is 1 or 2"); });
        return new Verb("up", "Start the lab; what a killed one left behind is cleaned first", "merlon lab up", "merlon lab up --only web-1,db-1", "merlon lab up --hosts 2") { hosts, only }
            .Runs(async (call, cancel) =>
            {
                await new LabStart(call, Lab.Of(call), call.Get(hosts)).Run(Vms(call, only), cancel);
                return ExitCode.Ok;
            });
    }

    private static Verb Down() => new Verb("down", "End the lab and every process in its namespace, leave nothing behind", "merlon lab down")
        .Runs(async (call, cancel) =>
        {
            await Lab.Of(call).Down(AgentProgram.Path(call), cancel);
            return ExitCode.Ok;
        });

    private static Verb Status() => new Verb("status", "Show the lab's VMs and where its libvirt listens", "merlon lab status", "merlon lab status -o json")
        .Runs(async (call, cancel) =>
        {
            var status = await LabView.Read(Lab.Of(call), cancel);
            call.Print(status, LabJson.Default.LabStatus, s => LabView.Show(call, s));
            return ExitCode.Ok;
        });

    private static Verb Probe()
    {
        var vm = Vm();
        var command = Rest("COMMAND", "What the probe inside the VM shall do; see lab/README.md");
        return new Verb("probe", "Send one command to the probe inside a VM and print its answer", "merlon lab probe web-1 tcp 10.8.0.7 5432", "merlon lab probe db-1 count") { vm, command }
            .Runs(async (call, cancel) =>
            {
                await using var line = await ProbeLine.Open(Lab.Of(call), LabPlan.Named(call.Get(vm)).Name, cancel);
                var answer = await line.Send(string.Join(' ', call.Get(command)), cancel);
                call.Out.WriteLine(JsonText.Of(answer, indented: false));
                return ExitCode.Ok;
            });
    }

    private static Verb Console()
    {
        var vm = Vm();
        return new Verb("console", "A shell in a VM; leave it with Ctrl-]", "merlon lab console web-1") { vm }
            .Runs(async (call, cancel) =>
            {
                var named = LabPlan.Named(call.Get(vm));
                return await LabProcess.Attached((await Lab.Of(call).HostOf(named, cancel)).Virsh("console", named.Name));
            });
    }

    private static Verb Virsh()
    {
        var args = Rest("ARGS", "Arguments of virsh");
        var on = On();
        return new Verb("virsh", "Run virsh on the lab's libvirt", "merlon lab virsh list --all", "merlon lab virsh --on host-2 -- domiflist db-1") { on, args }
            .Runs((call, _) => LabProcess.Attached(Lab.Of(call).Host(call.Get(on)!).Virsh(call.Get(args))));
    }

    private static Verb Exec()
    {
        var command = Rest("CMD", "Program and arguments");
        var on = On();
        return new Verb("exec", "Run a program in the lab host's network namespace", "merlon lab exec -- bridge link", "merlon lab exec --on host-2 -- tcpdump -ni br0") { on, command }
            .Runs((call, _) => LabProcess.Attached(Lab.Of(call).Host(call.Get(on)!).Inside(call.Get(command))));
    }

    private static Option<string> On()
    {
        var on = new Option<string>("--on") { Description = "On this host", HelpName = "HOST", DefaultValueFactory = _ => LabHost.NameOf(1) };
        on.CompletionSources.Add(LabHost.NameOf(1), LabHost.NameOf(2));
        return on;
    }

    private static Argument<string> Vm()
    {
        var vm = new Argument<string>("VM") { Description = "Name of a lab VM" };
        vm.CompletionSources.Add([.. LabPlan.Vms.Select(v => v.Name)]);
        return vm;
    }

    private static Argument<string[]> Rest(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.OneOrMore };

    private static IReadOnlyList<LabVm> Vms(Call call, Option<string[]> only) => LabPlan.Named(Words(call, only));

    /// <summary>Words of an option that may be given several times, or with commas.</summary>
    public static List<string> Words(Call call, Option<string[]> option) =>
        [.. (call.Get(option) ?? []).SelectMany(w => w.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
}
