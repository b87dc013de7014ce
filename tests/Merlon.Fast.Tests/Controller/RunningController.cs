using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Controller;
using Xunit;

// The controllers' logs belong to the test that runs them, and are shown when it fails.
[assembly: CaptureConsole(CaptureOut = false)]

namespace Merlon.Fast.Tests.Controller;

/// <summary>The controller itself, in this process, in a folder of the test's own, and a client of its API.</summary>
internal sealed class RunningController : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("merlon-c-").FullName;
    private ControllerProcess? process;
    private HttpClient? client;

    private RunningController() => Paths = new(At("var"), At("run"), At("var/pki"), At("run/c.sock"), At("var/api.json"));

    public ControllerPaths Paths { get; }

    public ApiAccess Access => process!.Access;

    public HttpClient Client => client!;

    /// <summary>What the command line needs to find it.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["MERLON_API"] = Access.Url,
        ["MERLON_TOKEN"] = Access.Token,
        ["MERLON_CA"] = Access.CaFile,
        ["MERLON_INSTANCE"] = "nothing-of-this-name",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RunningController> Start()
    {
        var running = new RunningController();
        await running.Open();
        return running;
    }

    public async Task Restart()
    {
        await Close();
        await Open();
    }

    public async Task Close()
    {
        client?.Dispose();
        if (process is not null) await process.DisposeAsync();
        process = null;
    }

    public Task<PretendedAgent> Dial(string uuid, string name, ulong sequence = 0) => PretendedAgent.Dial(Paths, uuid, name, sequence);

    public async Task<ApplyResult> Apply(string text, bool prune = false, bool dryRun = false)
    {
        var (_, result) = await TryApply(new([new("policy.yaml", text)], prune, dryRun));
        return result;
    }

    public async Task<(HttpStatusCode Status, ApplyResult Result)> TryApply(ApplyRequest request)
    {
        using var answer = await Client.PostAsJsonAsync("/v1/apply", request, ApiJson.Default.ApplyRequest, Cancel);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync(ApiJson.Default.ApplyResult, Cancel))!);
    }

    /// <param name="query">From its question mark on.</param>
    public async Task<PlanResult> Plan(string text, string query = "")
    {
        using var answer = await Client.PostAsJsonAsync("/v1/plan" + query, new ApplyRequest([new("policy.yaml", text)]), ApiJson.Default.ApplyRequest, Cancel);
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.PlanResult, Cancel))!;
    }

    public async Task<T> Get<T>(string path, JsonTypeInfo<T> type) => (await Client.GetFromJsonAsync(path, type, Cancel))!;

    public Task<IReadOnlyList<RevisionRecord>> Revisions() => Get("/v1/revisions", ApiJson.Default.IReadOnlyListRevisionRecord);

    public Task<IReadOnlyList<DocumentRecord>> Documents() => Get("/v1/documents", ApiJson.Default.IReadOnlyListDocumentRecord);

    public Task<IReadOnlyList<FlowRecord>> Flows() => Get("/v1/flows?limit=10000", ApiJson.Default.IReadOnlyListFlowRecord);

    public Task<StatusRecord> Status() => Get("/v1/status", ApiJson.Default.StatusRecord);

    public async Task<HostRecord> Host(string uuid) => (await Status()).Hosts.Single(h => h.Uuid == uuid);

    /// <summary>Looks until it is so; what an agent said is in force a moment later.</summary>
    public async Task Until(Func<StatusRecord, bool> holds)
    {
        while (!holds(await Status())) await Task.Delay(20, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A client that trusts the controller of <paramref name="paths"/> only.</summary>
    public static HttpClient ClientOf(string url, string? token, string caFile)
    {
        var trust = CaTrust.FromFile(caFile);
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(30), SslOptions = { RemoteCertificateValidationCallback = trust.Expect(PkiRole.Controller) } })
        {
            BaseAddress = new(url),
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private string At(string name) => Path.Combine(folder, name);

    private async Task Open()
    {
        // A process that started meanwhile may hold a copy of the lock for a moment.
        for (var tries = 0; process is null; tries++)
        {
            try
            {
                process = await ControllerProcess.Start(Paths, IPAddress.Loopback, 0);
            }
            catch (StartException e) when (tries < 50 && e.Message.StartsWith("another merlon-controller", StringComparison.Ordinal))
            {
                await Task.Delay(100, Cancel);
            }
        }
        client = ClientOf(Access.Url, Access.Token, Access.CaFile);
    }
}
