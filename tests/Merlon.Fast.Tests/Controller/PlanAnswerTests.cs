using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Cli;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>What /v1/plan says beside the traffic that changes.</summary>
public class PlanAnswerTests
{
    private const string Guards = """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: disks}
        spec: {action: guard, priority: 1, select: [vm/vm-9], untracked: {serves: [tcp/3260]}}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: nobody}
        spec: {action: exclude, priority: 2, select: [vm/vm-8], log: denies}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: quiet}
        spec: {action: guard, priority: 3, select: [vm/vm-7], log: rules}
        ---

        """;

    [Fact]
    public async Task Guards_under_which_not_all_is_logged_are_named()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80));
        Assert.Empty((await controller.Plan(Sample.Open("shop", 81))).Flows!.LeftOut);
        await controller.Apply(Guards + Sample.Guard + Sample.Open("shop", 80));
        Assert.Equal(["disks", "quiet"], (await controller.Plan(Sample.Open("shop", 81))).Flows!.LeftOut);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Sample.Open("shop", 81), TestContext.Current.CancellationToken);
        var said = await CommandLine.Run(controller.Environment, "plan", "-f", file);
        File.Delete(file);
        Assert.EndsWith(" would be answered otherwise (not all is logged under guard/disks, guard/quiet)\n", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_guards_would_ask_less_strictly_is_told_with_the_VMs()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        await using (var agent = await controller.Dial(Sample.HostA, "host-a"))
        {
            await agent.Has(Sample.Vm(1, "shop", "10.8.0.5"));
            await agent.NextPolicy();
        }
        await controller.Until(s => s.Hosts.All(h => !h.Connected));
        var loose = Sample.Guard.Replace("trustMetadata", "antiSpoof: {arp: observe}, trustMetadata", StringComparison.Ordinal);
        var told = Assert.Single((await controller.Plan(loose)).Looser!);
        Assert.Equal(("antiSpoof.arp", "enforce", "observe", "vm-1"), (told.Check, told.Before, told.After, Assert.Single(told.Vms)));
        Assert.Empty((await controller.Plan(Sample.Open("shop", 80))).Looser!);
        await controller.Apply(loose);
        Assert.Empty((await controller.Plan(Sample.Guard)).Looser!);
    }

    [Fact]
    public async Task What_observed_rules_would_have_decided_is_summed_over_hosts_and_told_of_the_policies_that_change()
    {
        await using var controller = await RunningController.Start();
        var observed = Sample.Open("shop", 80, "watched").Replace("spec: {", "spec: {enforcement: observe, ", StringComparison.Ordinal);
        await controller.Apply(Sample.Guard + Sample.Open("shop", 80) + observed);
        await Tell(Sample.HostA, "host-a", 3);
        await Tell(Sample.HostB, "host-b", 4);
        await controller.Until(s => s.Hosts.All(h => !h.Connected && h.Status is not null));
        var rules = await controller.Get("/v1/rules", ApiJson.Default.IReadOnlyListRuleRecord);
        Assert.Equal(["shop/open/open@1 14 0", "shop/watched/open@1 0 7"], rules.Select(r => $"{r.Rule} {r.Hits} {r.Would}").Order());
        Assert.Equal([new("shop/watched/open@1", 0, 7)], (await controller.Plan(observed.Replace("tcp/80", "tcp/81", StringComparison.Ordinal))).Would!);
        Assert.Empty((await controller.Plan(Sample.Open("shop", 81))).Would!);

        async Task Tell(string host, string name, ulong would)
        {
            await using var agent = await controller.Dial(host, name);
            var json = JsonSerializer.Serialize(Records.Agent(1), ApiJson.Default.HostStatus);
            await agent.Say(new() { Status = new() { Json = json, Hits = { ["shop/open/open@1"] = 7 }, Would = { ["shop/watched/open@1"] = would } } });
            await controller.Until(s => s.Hosts.Single(h => h.Uuid == host).Status is not null);
        }
    }
}
