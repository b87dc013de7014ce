using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Merlon.Controller.Agents;

/// <summary>The agents' door: gRPC over a unix socket of root, and mutual TLS all the same, so that moving it into the firewall VM
/// changes an address and nothing else.</summary>
internal static class LinkServer
{
    public static WebApplication Build(Rooms rooms, string socket, HostPki pki, PolicySigner signer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        Journal.Configure(builder.Logging);
        builder.Services.AddSingleton(rooms.Registry).AddSingleton(rooms.Applier).AddSingleton(rooms.Flows)
            .AddSingleton(rooms.Store).AddSingleton(rooms.Clock).AddSingleton(rooms.Inventories).AddSingleton(signer).AddSingleton<AgentInbox>();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = Limits.MessageBytes);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // a session has no end; its messages are bounded one by one
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(5);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
            kestrel.ListenUnixSocket(socket, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = pki.Certificate(PkiRole.Controller),
                    ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                    ClientCertificateValidation = (certificate, _, _) => pki.Trust.IsTrusted(certificate, PkiRole.Agent),
                });
            });
        });
        var app = builder.Build();
        app.MapGrpcService<LinkService>();
        return app;
    }
}
