using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

public sealed class HostVerbTests : IAsyncDisposable
{
    private readonly string socket = Path.Combine(Path.GetTempPath(), $"merlon-cli-{Guid.NewGuid():n}.sock");
    private readonly List<string> asked = [];
    private WebApplication? agent;

    [Fact]
    public async Task Attach_sends_what_was_given()
    {
        await Start(JsonSerializer.Serialize(new AttachResult("tap7", "db-9", "u-9", true, 4.21), ApiJson.Default.AttachResult));
        var said = await Run("attach", "tap7", "--vm", "db-9", "--tenant", "shop", "--labels", "tier=db,zone=a", "--mac", "52:54:00:00:00:09", "--address", "10.8.0.9", "--address", "fd00::9");
        Assert.Equal((0, "tap7 of db-9 (u-9) is guarded (4.2 ms)\n"), (said.Code, said.Out));
        var request = JsonSerializer.Deserialize(asked.Single().Split('\n', 2)[1], ApiJson.Default.AttachRequest)!;
        Assert.Equal(["10.8.0.9", "fd00::9"], request.Addresses);
        Assert.Equal(new Dictionary<string, string> { ["tier"] = "db", ["zone"] = "a" }, request.Labels);
        Assert.StartsWith("POST /v1/attach", asked.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_label_without_a_value_sign_is_refused_before_anything_is_sent()
    {
        var said = await Run("attach", "tap7", "--vm", "db-9", "--tenant", "shop", "--labels", "tier");
        Assert.Equal((1, "error: 'tier' is not a label; write key=value\n"), (said.Code, said.Error));
    }

    [Fact]
    public async Task Connections_come_from_the_agent()
    {
        ConnectionRecord entry = new(new("web-1", "u-1", 0, "shop", "10.8.0.5", 40000), new(null, null, null, null, "fd00::1", 443), "tcp/443",
            "established", "shop/app/out@1", null, 10, 9, 1000, 900, 299_000, 12_345, "source", "br0");
        await Start(JsonSerializer.Serialize([entry], ApiJson.Default.IReadOnlyListConnectionRecord));
        var said = await Run("get", "connection", "--vm", "vnet3");
        Assert.Equal("GET /v1/connections?vm=vnet3&limit=1000\n", asked.Single());
        Golden.Expect("get-connection", said.Out);
    }

    [Fact]
    public async Task Migrations_come_from_the_agent()
    {
        MigrationRecord came = new(new(2027, 1, 2, 3, 4, 5, TimeSpan.Zero), "web-1", "u-1", "host-1", "host-2", 1000, 998, 2, 0, 312, "partly");
        await Start(JsonSerializer.Serialize([came], ApiJson.Default.IReadOnlyListMigrationRecord));
        var said = await Run("get", "migration");
        Assert.Equal("GET /v1/migrations\n", asked.Single());
        Golden.Expect("get-migration", said.Out);
    }

    [Fact]
    public async Task Without_an_agent_there_is_one_line_with_the_mend()
    {
        var said = await Run("get", "nic");
        Assert.Equal((1, "", $"error: the agent does not answer at {socket}; start merlon-agent, or see 'merlon doctor'\n"), (said.Code, said.Out, said.Error));
    }

    [Theory]
    [InlineData("table")]
    [InlineData("json")]
    public async Task Status_without_a_controller_is_what_the_agent_says_and_an_error_all_the_same(string form)
    {
        await Start(JsonSerializer.Serialize(Records.Agent(7), ApiJson.Default.HostStatus));
        var said = await Run("status", "-o", form);
        Assert.Equal(1, said.Code);
        Assert.StartsWith("error: no controller has run here yet", said.Error, StringComparison.Ordinal);
        Assert.Contains("host-1", said.Out, StringComparison.Ordinal);
        Assert.Contains("controller-down", said.Out, StringComparison.Ordinal);
        Assert.Contains(form == "json" ? "\"ready\": false" : "NOT READY", said.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_of_a_controller_elsewhere_never_asks_the_agent_here()
    {
        await Start("{}");
        var folder = Directory.CreateTempSubdirectory("merlon-cli-");
        using (var pki = HostPki.EnsureAt(folder.FullName))
        {
            var said = await CommandLine.Run(new Dictionary<string, string>
            {
                ["MERLON_AGENT_SOCKET"] = socket,
                ["MERLON_API"] = "https://127.0.0.1:1",
                ["MERLON_TOKEN"] = "t",
                ["MERLON_CA"] = pki.AuthorityFile,
            }, "status");
            Assert.Equal((1, "", "error: the controller does not answer at https://127.0.0.1:1; start merlon-controller, or see 'merlon doctor'\n"), (said.Code, said.Out, said.Error));
        }
        folder.Delete(recursive: true);
        Assert.Empty(asked);
    }

    public async ValueTask DisposeAsync()
    {
        if (agent is not null) await agent.DisposeAsync();
        File.Delete(socket);
    }

    private Task<Said> Run(params string[] args) => CommandLine.Run(new Dictionary<string, string>(CommandLine.Nothing) { ["MERLON_AGENT_SOCKET"] = socket }, args);

    private async Task Start(string json)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(socket));
        agent = builder.Build();
        agent.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            asked.Add($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}\n{await reader.ReadToEndAsync()}");
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(json);
        });
        await agent.StartAsync();
    }
}
