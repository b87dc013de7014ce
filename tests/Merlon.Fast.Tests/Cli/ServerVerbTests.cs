using System.Text.Json;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

public class ServerVerbTests
{
    [Theory]
    [InlineData("table")]
    [InlineData("json")]
    [InlineData("yaml")]
    public async Task VMs_are_listed_in_three_forms(string form)
    {
        await using var api = await WithVms();
        var said = await CommandLine.Run(api.Environment, "get", "vm", "-o", form);
        Assert.Equal((0, ""), (said.Code, said.Error));
        Golden.Expect($"get-vm-{form}", said.Out);
    }

    [Theory]
    [InlineData("web-1")]
    [InlineData("vnet3")]
    [InlineData("5A3B0000-0000-4000-8000-000000000001")]
    [InlineData("shop/web-1")]
    public async Task A_VM_is_found_by_name_UUID_and_vnet_name(string name)
    {
        await using var api = await WithVms();
        var said = await CommandLine.Run(api.Environment, "get", "vm", name, "-o", "json");
        var vm = Assert.Single(JsonSerializer.Deserialize(said.Out, ApiJson.Default.IReadOnlyListVmRecord)!);
        Assert.Equal("web-1", vm.Name);
    }

    [Fact]
    public async Task Describe_vm_shows_the_three_digests_and_where_they_differ()
    {
        await using var api = await WithVms();
        api.Says("GET /v1/vms/web-1", Records.Vms[0], ApiJson.Default.VmRecord);
        var said = await CommandLine.Run(api.Environment, "describe", "vm", "web-1");
        Assert.Equal((0, ""), (said.Code, said.Error));
        Golden.Expect("describe-vm", said.Out);
    }

    [Fact]
    public async Task What_is_not_there_ends_with_3()
    {
        await using var api = await WithVms();
        var said = await CommandLine.Run(api.Environment, "get", "vm", "nobody");
        Assert.Equal((3, "", "error: no vm 'nobody'; see 'merlon get vm'\n"), (said.Code, said.Out, said.Error));
        Assert.Equal(3, (await CommandLine.Run(api.Environment, "describe", "vm", "nobody")).Code);
    }

    [Fact]
    public async Task A_wrong_token_ends_with_4()
    {
        await using var api = await WithVms();
        var said = await CommandLine.Run(new Dictionary<string, string>(api.Environment) { ["MERLON_TOKEN"] = "wrong" }, "get", "vm");
        Assert.Equal((4, "error: the token is not valid; mend it\n"), (said.Code, said.Error));
    }

    [Fact]
    public async Task A_server_of_another_CA_gets_no_token()
    {
        await using var api = await WithVms();
        await using var other = await FakeController.Start();
        var said = await CommandLine.Run(new Dictionary<string, string>(api.Environment) { ["MERLON_CA"] = other.Environment["MERLON_CA"] }, "get", "vm");
        Assert.Equal(4, said.Code);
        Assert.Contains("is not trusted", said.Error, StringComparison.Ordinal);
        Assert.Empty(api.Asked);
    }

    [Fact]
    public async Task A_conflict_ends_with_5()
    {
        await using var api = await FakeController.Start();
        api.Says("DELETE /v1/documents/group/shop/web", new ApiError("conflict", "group shop/web is in use"), ApiJson.Default.ApiError, 409);
        Assert.Equal(5, (await CommandLine.Run(api.Environment, "delete", "group/shop/web")).Code);
    }

    [Fact]
    public async Task Delete_finds_the_tenant_where_the_name_is_unique()
    {
        await using var api = await FakeController.Start();
        api.Says("GET /v1/documents", [new("group/shop/web", "Group", "shop", "web", 3, "")], ApiJson.Default.IReadOnlyListDocumentRecord);
        api.Says("DELETE /v1/documents/Group/shop/web", new ApplyResult(true, [], ["group/shop/web"], 8, []), ApiJson.Default.ApplyResult);
        var said = await CommandLine.Run(api.Environment, "delete", "group/web");
        Assert.Equal((0, "group/shop/web changed\n"), (said.Code, said.Out));
    }

    [Fact]
    public async Task Addresses_are_listed_by_VM_and_a_learned_one_is_released()
    {
        await using var api = await FakeController.Start();
        api.Says("GET /v1/addresses", [
            new("10.8.0.5", "default", "web-1", Records.Vms[0].Uuid, 0, "declared"),
            new("10.8.0.77", "default", "db-1", Records.Vms[0].Uuid, 1, "dhcp", Records.At, Records.At.AddHours(1)),
        ], ApiJson.Default.IReadOnlyListAddressRecord);
        api.Says("DELETE /v1/addresses/10.8.0.77", new ApplyResult(true, [], ["address/10.8.0.77"], 8, []), ApiJson.Default.ApplyResult);
        api.Says("DELETE /v1/addresses/10.8.0.5", new ApiError("address-declared", "10.8.0.5 is declared"), ApiJson.Default.ApiError, 409);
        Golden.Expect("get-address", (await CommandLine.Run(api.Environment, "get", "address")).Out);
        var one = await CommandLine.Run(api.Environment, "get", "address", "db-1", "-o", "json");
        Assert.Equal("10.8.0.77", Assert.Single(JsonSerializer.Deserialize(one.Out, ApiJson.Default.IReadOnlyListAddressRecord)!).Address);
        Assert.Equal(3, (await CommandLine.Run(api.Environment, "get", "address", "10.8.0.6")).Code);
        Assert.Equal((0, "address/10.8.0.77 changed\n"), (await CommandLine.Run(api.Environment, "delete", "address/10.8.0.77")) is var said ? (said.Code, said.Out) : default);
        Assert.Equal(5, (await CommandLine.Run(api.Environment, "delete", "address/10.8.0.5")).Code);
    }

    [Fact]
    public async Task Apply_sends_files_and_waits_for_the_kernels()
    {
        await using var api = await FakeController.Start();
        api.Says("POST /v1/apply", new ApplyResult(true, [new("shop", 3, Records.At, "admin", ["policy/shop/shop-app"])], ["policy/shop/shop-app"], 7, []), ApiJson.Default.ApplyResult);
        api.Says("GET /v1/status", Records.Status(7, ready: false), ApiJson.Default.StatusRecord);
        var folder = Directory.CreateTempSubdirectory("merlon-apply");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "b.yaml"), "b: 1", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder.CreateSubdirectory("deep").FullName, "a.yml"), "a: 1", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "notes.txt"), "no", TestContext.Current.CancellationToken);
            var said = await CommandLine.Run(api.Environment, "apply", "-f", folder.FullName, "--prune", "--wait");
            Assert.Equal((0, "policy/shop/shop-app changed\ntenant shop is at revision 3\n", ""), (said.Code, said.Out, said.Error));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        var request = JsonSerializer.Deserialize(api.Asked.First().Body, ApiJson.Default.ApplyRequest)!;
        Assert.True(request.Prune);
        Assert.Equal(["b: 1", "a: 1"], request.Files.Select(f => f.Text));
    }

    [Fact]
    public async Task Refused_documents_show_every_error_and_end_with_1()
    {
        await using var api = await FakeController.Start();
        api.Says("POST /v1/apply", new ApplyResult(false, [], [], 0,
            [new("error", "unknown-group", "no group 'wep'", "shop.yaml", 7, 30, "did you mean web?")]), ApiJson.Default.ApplyResult, 422);
        var file = Path.GetTempFileName();
        var said = await CommandLine.Run(api.Environment, "apply", "-f", file);
        File.Delete(file);
        Assert.Equal((1, ""), (said.Code, said.Out));
        Assert.Equal("shop.yaml:7:30: error unknown-group: no group 'wep' (did you mean web?)\nerror: nothing was applied; correct the errors above\n", said.Error);
    }

    [Fact]
    public async Task Documents_that_only_a_policy_test_refuses_end_with_6()
    {
        await using var api = await FakeController.Start();
        api.Says("POST /v1/apply", new ApplyResult(false, [], [], 0, [new("error", "test-failed", "test vm/a -> vm/b tcp/22 expects deny, but it gets allow", "t.yaml", 7, 5)]), ApiJson.Default.ApplyResult, 422);
        var file = Path.GetTempFileName();
        Assert.Equal(6, (await CommandLine.Run(api.Environment, "apply", "-f", file)).Code);
        File.Delete(file);
    }

    [Fact]
    public async Task A_change_on_trial_says_until_when()
    {
        await using var api = await FakeController.Start();
        api.Says("POST /v1/apply", new ApplyResult(true, [], ["policy/shop/p"], 7, [], new(2026, 11, 24, 8, 5, 0, default)), ApiJson.Default.ApplyResult);
        api.Says("POST /v1/confirm", new ApplyResult(true, [new("shop", 3, Records.At, "token", [], "confirmed")], [], 8, []), ApiJson.Default.ApplyResult);
        var file = Path.GetTempFileName();
        var said = await CommandLine.Run(api.Environment, "apply", "-f", file, "--confirm-within", "5m");
        File.Delete(file);
        Assert.Equal((0, "on trial: at 2026-11-24 08:05:00Z every host puts back what was before, unless you run 'merlon confirm'\n"), (said.Code, said.Error));
        Assert.Equal(300, JsonSerializer.Deserialize(api.Asked.First().Body, ApiJson.Default.ApplyRequest)!.ConfirmWithin);
        Assert.Equal("unchanged\ntenant shop is at revision 3: confirmed\n", (await CommandLine.Run(api.Environment, "confirm")).Out);
        Assert.Equal(3, (await CommandLine.Run(api.Environment, "rollback")).Code);
        Assert.Equal(1, (await CommandLine.Run(api.Environment, "rollback", "shop")).Code);
        Assert.Equal(1, (await CommandLine.Run(api.Environment, "isolate", "db-1", "--for", "1h", "--lift")).Code);
        Assert.Equal(1, (await CommandLine.Run(api.Environment, "isolate", "db-1")).Code);
    }

    [Fact]
    public async Task Status_says_when_it_waited_in_vain_and_why()
    {
        await using var api = await FakeController.Start();
        api.Says("GET /v1/status", Records.Status(6, ready: false, new Alarm("not-first", "vnet3: another program comes first", "see who", Records.At)), ApiJson.Default.StatusRecord);
        var waited = await CommandLine.Run(api.Environment, "status", "--wait", "--timeout", "0");
        Assert.Equal((1, "error: not ready after 0 s: host host-1 has sequence 6 of 7; see 'merlon status'\n"), (waited.Code, waited.Error));
        var said = await CommandLine.Run(api.Environment, "status");
        Assert.Equal(0, said.Code);
        Golden.Expect("status", said.Out);
    }

    [Fact]
    public async Task Flows_pass_the_filter_on_and_name_the_rule()
    {
        await using var api = await FakeController.Start();
        api.Says("GET /v1/flows", [Records.Denied], ApiJson.Default.IReadOnlyListFlowRecord);
        api.Says("GET /v1/status", Records.Status(7, ready: true), ApiJson.Default.StatusRecord);
        var said = await CommandLine.Run(api.Environment, "flows", "--vm", "web-1", "--verdict", "deny", "--since", "2026-11-24T07:00:00Z");
        Assert.Equal("GET /v1/flows?limit=100&since=2026-11-24T07%3A00%3A00.0000000%2B00%3A00&vm=web-1&verdict=deny", api.Asked.First().Line);
        Golden.Expect("flows", said.Out);
        Assert.Equal("", said.Error);
    }

    [Fact]
    public async Task Lost_events_are_said_beside_the_flows()
    {
        await using var api = await FakeController.Start();
        var status = Records.Status(7, ready: true);
        var host = status.Hosts[0];
        api.Says("GET /v1/flows", [Records.Denied], ApiJson.Default.IReadOnlyListFlowRecord);
        api.Says("GET /v1/status", status with { Hosts = [host with { Status = host.Status! with { EventsLost = 12, FlowsLost = 3 } }] }, ApiJson.Default.StatusRecord);
        var said = await CommandLine.Run(api.Environment, "flows", "-o", "json");
        Assert.Equal("note: not all of host-1 is in the log: 12 events lost in the kernel, 3 records in the agent, so far\n", said.Error);
        Assert.Equal([Records.Denied], JsonSerializer.Deserialize(said.Out, ApiJson.Default.IReadOnlyListFlowRecord)!);
    }

    [Theory]
    [InlineData("table", "LOST: 42 records are missing here\n")]
    [InlineData("json", "{\"lost\":42}\n")]
    [InlineData("yaml", "---\nlost: 42\n")]
    public async Task A_gap_in_the_followed_flows_is_shown_as_one(string form, string gap)
    {
        await using var api = await FakeController.Start();
        var json = JsonSerializer.Serialize(Records.Denied, ApiJson.Default.FlowRecord);
        api.SaysText("GET /v1/flows/follow", $"event: lost\ndata: {{\"lost\":42}}\n\nid: 7\ndata: {json}\n\nevent: of-a-newer-controller\ndata: {{}}\n\n");
        var said = await CommandLine.Run(api.Environment, "flows", "-f", "-o", form);
        Assert.StartsWith(gap, said.Out, StringComparison.Ordinal);
        Assert.Contains("web-1", said.Out[gap.Length..], StringComparison.Ordinal);
        Assert.DoesNotContain("0001-01-01", said.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Followed_flows_come_one_to_a_line()
    {
        await using var api = await FakeController.Start();
        var json = JsonSerializer.Serialize(Records.Denied, ApiJson.Default.FlowRecord);
        api.SaysText("GET /v1/flows/follow", $": hello\n\ndata: {json}\n\ndata: {json}\n\n");
        var said = await CommandLine.Run(api.Environment, "flows", "-f", "-o", "json");
        var lines = said.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([Records.Denied, Records.Denied], lines.Select(l => JsonSerializer.Deserialize(l, ApiJson.Default.FlowRecord)!));
        Assert.Equal((1, "error: the controller ended the stream; is it still running? see 'merlon doctor'\n"), (said.Code, said.Error));
    }

    [Fact]
    public async Task Hostile_names_do_not_reach_the_terminal_raw()
    {
        await using var api = await FakeController.Start();
        api.Says("GET /v1/vms", [Records.Vms[0] with { Name = "web\u001b[2J[red]\u202e" }], ApiJson.Default.IReadOnlyListVmRecord);
        foreach (var form in new[] { "table", "json", "yaml" })
        {
            var said = await CommandLine.Run(api.Environment, "get", "vm", "-o", form);
            Assert.DoesNotContain('\u001b', said.Out);
            Assert.Contains("[red]", said.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_answer_that_is_no_JSON_is_said_so()
    {
        await using var api = await FakeController.Start();
        api.SaysText("GET /v1/vms", "<html>", "text/html");
        var said = await CommandLine.Run(api.Environment, "get", "vm");
        Assert.Equal((1, "error: the answer to GET /v1/vms is not understood; are both sides of the same version?\n"), (said.Code, said.Error));
    }

    [Fact]
    public async Task Names_are_completed_where_the_API_answers()
    {
        await using var api = await WithVms();
        Assert.Equal("web-1\n", (await CommandLine.Run(api.Environment, "complete", "18", "merlon get vm web-")).Out);
        Assert.Equal("", (await CommandLine.Run("complete", "18", "merlon get vm web-")).Out);
    }

    private static async Task<FakeController> WithVms()
    {
        var api = await FakeController.Start();
        api.Says("GET /v1/vms", Records.Vms, ApiJson.Default.IReadOnlyListVmRecord);
        return api;
    }
}
