using System.Diagnostics;
using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Bench;

/// <summary><c>merlon plan</c> on 10,000 rules of which one was edited, against a running controller that knows the VMs, their newest flows and their
/// connections: from the start of the command to its end. What it lists must be the edited rule's doing, and all of it.</summary>
/// <param name="bin">Where merlon and merlon-controller are.</param>
internal sealed class PlanBench(string bin, TextWriter output)
{
    private const int Rules = 10_000, Rounds = 5, Connections = 10_000;
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(2);

    /// <returns>0 = within the time, 2 = not; throws when a plan says anything else than it should.</returns>
    public async Task<int> Run()
    {
        output.WriteLine($"{"shape",-8} {"YAML MiB",8} {"plan ms",8} {"min-max",13} {"cpu ms",6} {"flows",6} {"connections",11} {"boxes",5}");
        var met = true;
        foreach (var shape in new[] { Shape.Acl, Shape.Fw, Shape.Ipc, Shape.Groups }) met &= await Measure(shape);
        return met ? 0 : 2;
    }

    private async Task<bool> Measure(Shape shape)
    {
        var policy = new ShapedPolicy(shape, Rules);
        var paths = new InstancePaths($"bench-{Environment.ProcessId}");
        var folder = Directory.CreateTempSubdirectory("merlon-plan-").FullName;
        try
        {
            using var controller = Process.Start(new ProcessStartInfo(bin + "/merlon-controller", ["run", "--instance", paths.Instance, "--port", "0"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = Task.WhenAll(controller.StandardOutput.ReadToEndAsync(), controller.StandardError.ReadToEndAsync());
            try
            {
                while (!File.Exists(paths.ApiFile))
                {
                    if (controller.HasExited) throw new InvalidOperationException($"merlon-controller ended: {string.Join('\n', await said)}");
                    await Task.Delay(50);
                }
                return await Measure(policy, paths, Path.Combine(folder, "policy.yaml"), shape, controller);
            }
            finally
            {
                if (!controller.HasExited) controller.Kill();
                await controller.WaitForExitAsync();
            }
        }
        finally
        {
            foreach (var path in new[] { folder, paths.Var, paths.Run, paths.Etc })
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
    }

    private async Task<bool> Measure(ShapedPolicy policy, InstancePaths paths, string file, Shape shape, Process controller)
    {
        File.WriteAllText(file, ManifestPrinter.Print([s_guard, .. policy.Documents]));
        await Merlon(paths, 0, "apply", "-f", file);
        var agents = new List<BenchAgent>();
        foreach (var host in policy.Inventory.Vms.GroupBy(v => v.Host).OrderBy(h => h.Key != policy.Host))
            agents.Add(await BenchAgent.Dial(paths, [.. host], agents.Count == 0 ? Live(policy) : []));
        await Send(agents[0], policy);

        File.WriteAllText(file, ManifestPrinter.Print([s_guard, .. policy.Edited(Rules / 2)]));
        var (times, before, answer) = (new List<double>(), controller.TotalProcessorTime, "");
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            answer = await Merlon(paths, 2, "plan", "-f", file, "-o", "json");
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        controller.Refresh();
        var used = (controller.TotalProcessorTime - before) / Rounds;
        foreach (var agent in agents) await agent.DisposeAsync();
        times.Sort();
        var plan = JsonSerializer.Deserialize(answer, ApiJson.Default.PlanResult)!;
        Require(plan, $"r{Rules / 2}@");
        output.WriteLine(FormattableString.Invariant(
            $"{shape.ToString().ToLowerInvariant(),-8} {new FileInfo(file).Length / 1048576.0,8:f1} {times[Rounds / 2],8:f0} {$"{times[0]:f0}-{times[^1]:f0}",13} {used.TotalMilliseconds,6:f0} {plan.Flows!.Looked,6} {Connections,11} {plan.Changes.Count,5}"));
        return times[Rounds / 2] <= s_most.TotalMilliseconds;
    }

    /// <summary>Every box is of the edited rule, before or after; what it lets pass now is among them; and nothing was left out of the question.</summary>
    private static void Require(PlanResult plan, string rule)
    {
        bool Is(DecisionRecord d) => d.Rules.Any(r => r.Rule.Contains("/" + rule, StringComparison.Ordinal));
        if (!plan.Changes.All(c => Is(c.Before) || Is(c.After)) || !plan.Changes.Any(c => Is(c.After) && c.Services.Names is ["sctp/7"] && c.After.Verdict == "allow"))
            throw new InvalidOperationException($"the plan lists other changes than those of {rule}");
        if (plan.Flows?.Looked != PlannedFlows.Most || plan.Cut is null) throw new InvalidOperationException("the plan looked at too few flows, or at no connections");
    }

    private static readonly Document s_guard = ManifestParser.Parse([new("guard.yaml", """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], trustMetadata: true}
        """)]).Documents[0];

    /// <summary>As many flows as a plan looks at, and some more.</summary>
    private static async Task Send(BenchAgent agent, ShapedPolicy policy)
    {
        var dice = new Dice(7);
        for (var sent = 0; sent < PlannedFlows.Most; sent += Limits.FlowRecords)
            await agent.Send((ulong)sent + 1, Enumerable.Range(0, Limits.FlowRecords).Select(_ => Flow(policy, dice)));
    }

    private static FlowRecordMessage Flow(ShapedPolicy policy, Dice dice)
    {
        var (from, to, now) = (dice.Of(policy.Inventory.Nics), dice.Of(policy.Inventory.Nics), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        return new()
        {
            StartUnixMs = now, EndUnixMs = now, Event = "open", Verdict = "allow", Reason = "rule", Direction = "in", Segment = "br0", InRule = "default",
            Source = End(from), Destination = End(to), Protocol = 6, SourcePort = 40000, DestinationPort = (uint)dice.Between(1, 9999), PacketsOut = 1, BytesOut = 60,
        };
    }

    private static FlowEnd End(VmNic nic) => new() { Vm = nic.Vm.Name, VmUuid = nic.Vm.Uuid, NicIndex = (uint)nic.Nic.Index, Tenant = nic.Vm.Tenant, Address = nic.Nic.Addresses[0].ToString() };

    private static IReadOnlyList<ConnectionRecord> Live(ShapedPolicy policy)
    {
        var dice = new Dice(8);
        VmNic[] here = [.. policy.Inventory.Nics.Where(n => n.Vm.Host == policy.Host)];
        return [.. Enumerable.Range(0, Connections).Select(i => new ConnectionRecord(Of(dice.Of(policy.Inventory.Nics), 1024 + i), Of(dice.Of(here), null), $"tcp/{dice.Between(1, 9999)}", "established", null, "default", 9, 9, 900, 900, 1000, 1000, "both", "br0"))];

        static FlowEndRecord Of(VmNic nic, int? port) => new(nic.Vm.Name, nic.Vm.Uuid, nic.Nic.Index, nic.Vm.Tenant, nic.Nic.Addresses[0].ToString(), port);
    }

    private async Task<string> Merlon(InstancePaths paths, int expected, params string[] args)
    {
        using var merlon = Process.Start(new ProcessStartInfo(bin + "/merlon", [.. args, "--instance", paths.Instance]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = merlon.StandardError.ReadToEndAsync();
        var answer = await merlon.StandardOutput.ReadToEndAsync();
        await merlon.WaitForExitAsync();
        return merlon.ExitCode == expected ? answer : throw new InvalidOperationException($"merlon {args[0]} ended with {merlon.ExitCode}: {await said}");
    }
}
