using System.Diagnostics;
using System.Text.Json;
using Grpc.Core;
using Merlon.Agent.Link;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Analyze;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Bench;

/// <summary><c>merlon plan</c> on 10,000 rules of which one was edited, against a running controller that knows the VMs and the newest flows: from the start
/// of the command to its end. What it lists must be what the comparison of both revisions finds.</summary>
/// <param name="bin">Where merlon and merlon-controller are.</param>
internal sealed class PlanBench(string bin, TextWriter output)
{
    private const int Rules = 10_000, Rounds = 5;

    public async Task<bool> Run()
    {
        output.WriteLine($"{"shape",-8} {"YAML MiB",8} {"plan ms",8} {"min-max",13} {"cpu ms",6} {"flows",6} {"boxes",5}");
        var right = true;
        foreach (var shape in new[] { Shape.Acl, Shape.Fw, Shape.Ipc, Shape.Groups }) right &= await Measure(shape);
        return right;
    }

    private async Task<bool> Measure(Shape shape)
    {
        var policy = new ShapedPolicy(shape, Rules);
        var paths = new InstancePaths($"bench-{Environment.ProcessId}");
        var folder = Directory.CreateTempSubdirectory("merlon-plan-").FullName;
        try
        {
            using var controller = Start(bin + "/merlon-controller", "run", "--instance", paths.Instance, "--port", "0");
            try
            {
                while (!File.Exists(paths.ApiFile)) await Task.Delay(50);
                return await Measure(policy, paths, folder, shape, controller);
            }
            finally
            {
                controller.Kill();
                await controller.WaitForExitAsync();
            }
        }
        finally
        {
            foreach (var path in new[] { folder, paths.Var, paths.Run, paths.Etc })
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
    }

    private async Task<bool> Measure(ShapedPolicy policy, InstancePaths paths, string folder, Shape shape, Process controller)
    {
        var file = Path.Combine(folder, "policy.yaml");
        File.WriteAllText(file, ManifestPrinter.Print([Guard, .. policy.Documents]));
        var (code, _, said) = await Merlon(paths, "apply", "-f", file);
        if (code != 0) throw new InvalidOperationException($"merlon apply ended with {code}: {said}");
        foreach (var host in policy.Inventory.Vms.GroupBy(v => v.Host)) await Tell(paths, policy, host);

        var edited = policy.Edited(Rules / 2);
        var expected = SemanticDiff.Of(policy.Revision, new(PolicySet.Build(edited.Select(d => new StoredDocument(d, 2))).Set!, policy.Inventory), 0);
        File.WriteAllText(file, ManifestPrinter.Print([Guard, .. edited]));
        var times = new List<double>();
        var (boxes, flows, used) = (0, 0, controller.TotalProcessorTime);
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            (code, var answer, said) = await Merlon(paths, "plan", "-f", file, "-o", "json");
            times.Add(clock.Elapsed.TotalMilliseconds);
            if (code != 2) throw new InvalidOperationException($"merlon plan ended with {code}: {said}");
            var plan = JsonDocument.Parse(answer).RootElement;
            (boxes, flows) = (plan.GetProperty("changes").GetArrayLength(), plan.GetProperty("flows").GetProperty("looked").GetInt32());
        }
        controller.Refresh();
        used = controller.TotalProcessorTime - used;
        times.Sort();
        var right = boxes == expected.Changes.Length;
        output.WriteLine(FormattableString.Invariant(
            $"{shape.ToString().ToLowerInvariant(),-8} {new FileInfo(file).Length / 1048576.0,8:f1} {times[Rounds / 2],8:f0} {$"{times[0]:f0}-{times[^1]:f0}",13} {used.TotalMilliseconds / Rounds,6:f0} {flows,6} {boxes,5}{(right ? "" : $", {expected.Changes.Length} expected")}"));
        return right;
    }

    private static Document Guard { get; } = ManifestParser.Parse([new("guard.yaml", """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], trustMetadata: true}
        """)]).Documents[0];

    /// <summary>An agent's part: a host's VMs, and as many flows of them as a plan looks at.</summary>
    private static async Task Tell(InstancePaths paths, ShapedPolicy policy, IEnumerable<InventoryVm> vms)
    {
        using var pki = HostPki.EnsureAt(paths.Pki);
        using var channel = ControllerAddress.Open("unix:" + paths.ControllerSocket, pki.ClientOptions(PkiRole.Agent, PkiRole.Controller));
        using var call = new Link.LinkClient(channel).Session();
        var first = vms.First();
        await call.RequestStream.WriteAsync(new() { Hello = new() { Host = first.Host is "" ? "host" : first.Host, HostUuid = first.Uuid, Version = "1.0.0", Abi = 1 } });
        await call.RequestStream.WriteAsync(new() { Inventory = new() { Vms = { vms.Select(Info) } } });
        await Heard(call, m => m.Policy is not null);
        if (first.Host != policy.Host) return;
        var dice = new Dice(7);
        for (var sent = 0; sent < PlannedFlows.Most; sent += Limits.FlowRecords)
        {
            await call.RequestStream.WriteAsync(new() { Flows = new() { First = (ulong)sent + 1, Incarnation = "i-1", Records = { Enumerable.Range(0, Limits.FlowRecords).Select(_ => Flow(policy, dice)) } } });
            await Heard(call, m => m.FlowAck is not null);
        }
    }

    private static async Task Heard(AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> call, Func<ControllerMessage, bool> wanted)
    {
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            if (wanted(call.ResponseStream.Current)) return;
        throw new InvalidOperationException("the controller hung up");
    }

    private static VmInfo Info(InventoryVm vm)
    {
        var info = new VmInfo { Uuid = vm.Uuid, Name = vm.Name, Tenant = vm.Tenant, Running = true };
        foreach (var (key, value) in vm.Labels) info.Labels[key] = value;
        info.Nics.AddRange(vm.Nics.Select(n => new NicInfo { Index = (uint)n.Index, Mac = n.Mac.ToString(), Network = n.Network, Ifname = "vnet0", Addresses = { n.Addresses.Select(a => a.ToString()) } }));
        return info;
    }

    private static FlowRecordMessage Flow(ShapedPolicy policy, Dice dice)
    {
        var (from, to) = (dice.Of(policy.Inventory.Nics), dice.Of(policy.Inventory.Nics));
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        return new()
        {
            StartUnixMs = now, EndUnixMs = now, Event = "open", Verdict = "allow", Reason = "rule", Direction = "in", Segment = "br0", InRule = "default",
            Source = new() { Address = from.Nic.Addresses[0].ToString(), VmUuid = from.Key.VmUuid }, Destination = new() { Address = to.Nic.Addresses[0].ToString(), VmUuid = to.Key.VmUuid },
            Protocol = 6, SourcePort = 40000, DestinationPort = (uint)dice.Between(1, 9999), PacketsOut = 1, BytesOut = 60,
        };
    }

    private async Task<(int Code, string Out, string Error)> Merlon(InstancePaths paths, params string[] args)
    {
        using var merlon = Start(bin + "/merlon", [.. args, "--instance", paths.Instance]);
        var said = merlon.StandardError.ReadToEndAsync();
        var answer = await merlon.StandardOutput.ReadToEndAsync();
        await merlon.WaitForExitAsync();
        return (merlon.ExitCode, answer, await said);
    }

    private static Process Start(string program, params string[] args) =>
        Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
