using Merlon.Contracts;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Net.Client;

namespace Merlon.Agent.Link;

/// <summary>Where the controller listens, and how a channel to it is made: mutual TLS on either transport.</summary>
internal static class ControllerAddress
{
    // A HostPolicy of the largest size that the limits allow is well below this.
    private const int MaxMessageBytes = 64 << 20;

    public static GrpcChannel Open(string controller, SslClientAuthenticationOptions tls)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingDelay = TimeSpan.FromSeconds(5),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            UseProxy = false,
        };
        var url = controller;
        if (controller.StartsWith("unix:", StringComparison.Ordinal))
        {
            url = "https://localhost";
            handler.ConnectCallback = (_, stop) => UnixDial.To(controller["unix:".Length..], stop);
        }
        return GrpcChannel.ForAddress(url, new()
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = MaxMessageBytes,
        });
    }

    /// <summary>Why no connection came about, with the address as the operator wrote it (gRPC only knows its own name for it);
    /// null = the error is not about that.</summary>
    public static string? WhyNot(string controller, Exception? error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            if (e is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.AddressNotAvailable }) return $"nothing listens on {controller}";
            if (e is SocketException or AuthenticationException) return $"{controller}: {e.Message}";
        }
        return null;
    }
}
