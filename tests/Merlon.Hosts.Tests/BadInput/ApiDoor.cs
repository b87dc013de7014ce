using System.Net.Security;
using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>The controller's API, asked without a process in between: what is compared often must be read fast.</summary>
public sealed class ApiDoor : IDisposable
{
    private readonly CaTrust _trust;
    private readonly HttpClient _http;

    public ApiDoor(InstancePaths paths)
    {
        var access = JsonSerializer.Deserialize(File.ReadAllText(paths.ApiFile), ApiJson.Default.ApiAccess)!;
        _trust = CaTrust.FromFile(access.CaFile);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = _trust.Expect(PkiRole.Controller) },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(access.Url) };
        _http.DefaultRequestHeaders.Add("Authorization", $"Bearer {access.Token}");
    }

    public string Text(string path) => _http.GetStringAsync(new Uri(path, UriKind.Relative)).GetAwaiter().GetResult();

    public StatusRecord Status() => JsonSerializer.Deserialize(Text("/v1/status"), ApiJson.Default.StatusRecord)!;

    public void Dispose()
    {
        _http.Dispose();
        _trust.Dispose();
    }
}
