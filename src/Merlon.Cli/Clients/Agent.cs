using System.Net.Sockets;
using Merlon.Contracts;

namespace Merlon.Cli.Clients;

/// <summary>The agent's root-only door on this host; it works with no controller.</summary>
internal static class Agent
{
    public static JsonHttp Connect(Call call, TimeSpan? timeout = null)
    {
        var path = call.Environment("MERLON_AGENT_SOCKET") is { Length: > 0 } other ? other : call.Paths.AgentSocket;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (_, cancel) => UnixDial.To(path, cancel),
        };
        var http = new HttpClient(handler) { BaseAddress = new Uri("http://agent/"), Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        return new JsonHttp(http, e => Unreachable(path, e));
    }

    private static CliException Unreachable(string path, Exception e) =>
        (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode == SocketError.AccessDenied
            ? new CliException($"{path} is for root only", "use sudo", ExitCode.Denied)
            : new NoAnswerException($"the agent does not answer at {path}", "start merlon-agent, or see 'merlon doctor'");
}
