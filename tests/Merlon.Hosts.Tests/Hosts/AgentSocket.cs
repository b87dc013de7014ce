using System.Net.Http.Json;
using System.Net.Sockets;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>The agent's root-only socket, asked without a process in between: what a test times is the agent.</summary>
public sealed class AgentSocket : IDisposable
{
    private readonly HttpClient _http;

    public AgentSocket(InstancePaths paths) => _http = new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => Dial(paths.AgentSocket, stop) })
    {
        BaseAddress = new("http://agent/"),
    };

    public HostStatus Status() => _http.GetFromJsonAsync("/v1/status", ApiJson.Default.HostStatus).GetAwaiter().GetResult()!;

    public AttachResult Attach(AttachRequest request)
    {
        using var answer = _http.PostAsJsonAsync("/v1/attach", request, ApiJson.Default.AttachRequest).GetAwaiter().GetResult();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(answer.Content.ReadAsStringAsync().GetAwaiter().GetResult());
        return answer.Content.ReadFromJsonAsync(ApiJson.Default.AttachResult).GetAwaiter().GetResult()!;
    }

    /// <summary>Attaches a guest of tenant shop again, under these labels only.</summary>
    public void Label(Guest guest, params (string Key, string Value)[] labels) => Attach(new(
        guest.Ifname, guest.Name, "shop", labels.ToDictionary(l => l.Key, l => l.Value), guest.Mac, [guest.Ip4.ToString(), guest.Ip6.ToString()], "br0"));

    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> Dial(string path, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
