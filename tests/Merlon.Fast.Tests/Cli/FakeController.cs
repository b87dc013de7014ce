using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Merlon.Fast.Tests.Cli;

/// <summary>A server with the public API's paths, over real TLS with a host's own CA, that answers what a test tells it.</summary>
internal sealed class FakeController : IAsyncDisposable
{
    public const string Token = "token-of-the-test";
    private readonly string folder = Directory.CreateTempSubdirectory("merlon-cli-test").FullName;
    private readonly Dictionary<string, (int Status, byte[] Body, string Type)> answers = [];
    private readonly HostPki pki;
    private readonly WebApplication app;

    private FakeController()
    {
        pki = HostPki.EnsureAt(folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(pki.Certificate(PkiRole.Controller))));
        app = builder.Build();
        app.Run(Answer);
    }

    /// <summary>Method, path with query, and body of every request, in order.</summary>
    public ConcurrentQueue<(string Line, string Body)> Asked { get; } = [];

    public Dictionary<string, string> Environment => new()
    {
        ["MERLON_API"] = Url,
        ["MERLON_TOKEN"] = Token,
        ["MERLON_CA"] = pki.AuthorityFile,
        ["MERLON_INSTANCE"] = "nothing-of-this-name",
    };

    private string Url => app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<FakeController> Start()
    {
        var fake = new FakeController();
        await fake.app.StartAsync();
        return fake;
    }

    /// <param name="line">GET /v1/vms; without the query.</param>
    public void Says<T>(string line, T value, JsonTypeInfo<T> type, int status = 200) =>
        answers[line] = (status, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json");

    public void SaysText(string line, string text, string type = "text/event-stream") => answers[line] = (200, Encoding.UTF8.GetBytes(text), type);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        pki.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task Answer(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        Asked.Enqueue(($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}", await reader.ReadToEndAsync()));
        var known = answers.TryGetValue($"{http.Request.Method} {http.Request.Path}", out var answer);
        if (http.Request.Headers.Authorization != $"Bearer {Token}") answer = Refusal(401, "denied", "the token is not valid");
        else if (!known) answer = Refusal(404, "not-found", $"no {http.Request.Path}");
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.Type;
        await http.Response.Body.WriteAsync(answer.Body);
    }

    private static (int Status, byte[] Body, string Type) Refusal(int status, string code, string message) =>
        (status, JsonSerializer.SerializeToUtf8Bytes(new ApiError(code, message, "mend it"), ApiJson.Default.ApiError), "application/json");
}
