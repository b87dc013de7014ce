using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Agent.Gate;

/// <summary>A hook's and the board's way to the agent that runs, by its root-only socket; never longer than it is told to wait.</summary>
internal sealed class AgentDoor(InstancePaths paths, TimeSpan patience)
{
    /// <summary>Null = no agent, or none that answers in time.</summary>
    public async Task<GateAnswer?> AskAsync(string domainXml)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(domainXml));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/xml");
        return await SendAsync(async http =>
        {
            using var response = await http.PostAsync(new Uri("/v1/gate", UriKind.Relative), body);
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync(ApiJson.Default.GateAnswer) : null;
        });
    }

    /// <summary>Brings a nonce back; false when nobody wants it.</summary>
    public async Task<bool> ProveAsync(string nonce) => await SendAsync(async http =>
    {
        using var response = await http.PostAsync(new Uri($"/v1/gate/proof/{Uri.EscapeDataString(nonce)}", UriKind.Relative), null);
        return response.IsSuccessStatusCode ? "yes" : null;
    }) is not null;

    /// <summary>A VM's connections, for its stream.</summary>
    public Task<byte[]?> SaveAsync(string vm) => SendAsync(async http =>
    {
        using var response = await http.GetAsync(new Uri($"/v1/migration/{Uri.EscapeDataString(vm)}", UriKind.Relative));
        return response.IsSuccessStatusCode ? await response.Content.ReadAsByteArrayAsync() : null;
    });

    /// <summary>What a VM's stream held; false = nobody took it.</summary>
    public async Task<bool> LoadAsync(string vm, byte[] snapshot) => await SendAsync(async http =>
    {
        using var body = new ByteArrayContent(snapshot);
        using var response = await http.PostAsync(new Uri($"/v1/migration/{Uri.EscapeDataString(vm)}", UriKind.Relative), body);
        return response.IsSuccessStatusCode ? "yes" : null;
    }) is not null;

    private async Task<T?> SendAsync<T>(Func<HttpClient, Task<T?>> send) where T : class
    {
        if (!File.Exists(paths.AgentSocket)) return null;
        using var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => UnixDial.To(paths.AgentSocket, stop) };
        using var http = new HttpClient(handler) { BaseAddress = new("http://agent/"), Timeout = patience };
        try
        {
            return await send(http);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
