using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Merlon.Contracts.Pki;
using Xunit;

namespace Merlon.Fast.Tests.Contracts;

public sealed class HostPkiTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("merlon-pki-").FullName;

    private string At(string name) => Path.Combine(folder, name);

    [Fact]
    public void Files_are_made_once_and_only_their_owner_reads_them()
    {
        using var first = HostPki.EnsureAt(At("pki"));
        using var second = HostPki.EnsureAt(At("pki"));
        Assert.Equal(first.Trust.Authority.Thumbprint, second.Trust.Authority.Thumbprint);
        Assert.Equal(first.Certificate(PkiRole.Agent).Thumbprint, second.Certificate(PkiRole.Agent).Thumbprint);
        foreach (var name in new[] { "ca.pem", "ca.key", "agent.pem", "agent.key", "controller.pem", "controller.key" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(At("pki"), name)));
    }

    [Fact]
    public void Agent_and_controller_that_start_together_get_one_authority()
    {
        var all = new HostPki[8];
        Parallel.For(0, all.Length, i => all[i] = HostPki.EnsureAt(At("pki")));
        Assert.Single(all.Select(p => p.Trust.Authority.Thumbprint).Distinct());
        foreach (var pki in all) pki.Dispose();
    }

    [Fact]
    public void A_role_is_trusted_only_as_itself_and_only_under_its_own_authority()
    {
        using var here = HostPki.EnsureAt(At("a"));
        using var elsewhere = HostPki.EnsureAt(At("b"));
        Assert.True(here.Trust.IsTrusted(here.Certificate(PkiRole.Agent), PkiRole.Agent));
        Assert.False(here.Trust.IsTrusted(here.Certificate(PkiRole.Agent), PkiRole.Controller));
        Assert.False(here.Trust.IsTrusted(here.Certificate(PkiRole.Controller), PkiRole.Agent));
        Assert.False(here.Trust.IsTrusted(elsewhere.Certificate(PkiRole.Agent), PkiRole.Agent));
        Assert.False(here.Trust.IsTrusted(null, PkiRole.Agent));
    }

    [Fact]
    public void A_kill_between_key_and_certificate_is_mended_by_the_next_start()
    {
        using (var first = HostPki.EnsureAt(At("pki"))) File.Delete(Path.Combine(At("pki"), "agent.pem"));
        using var second = HostPki.EnsureAt(At("pki"));
        Assert.True(second.Trust.IsTrusted(second.Certificate(PkiRole.Agent), PkiRole.Agent));
    }

    [Fact]
    public void An_unreadable_file_is_one_clear_error_and_is_left_as_it_is()
    {
        HostPki.EnsureAt(At("pki")).Dispose();
        File.WriteAllText(Path.Combine(At("pki"), "ca.pem"), "not a certificate");
        var error = Assert.Throws<PkiException>(() => HostPki.EnsureAt(At("pki")));
        Assert.Contains(At("pki"), error.Message, StringComparison.Ordinal);
        Assert.Equal("not a certificate", File.ReadAllText(Path.Combine(At("pki"), "ca.pem")));
    }

    /// <summary>A link to itself: an error that is no other's hold, for root too.</summary>
    [Fact]
    public void A_lock_that_cannot_be_had_is_told_at_once()
    {
        Directory.CreateDirectory(At("pki"));
        File.CreateSymbolicLink(Path.Combine(At("pki"), "lock"), Path.Combine(At("pki"), "lock"));
        var began = Environment.TickCount64;
        var error = Assert.Throws<PkiException>(() => HostPki.EnsureAt(At("pki")));
        Assert.Contains("symbolic links", error.Message, StringComparison.Ordinal);
        Assert.InRange(Environment.TickCount64 - began, 0, 5000);
    }

    [Fact]
    public async Task Agent_and_controller_shake_hands_and_a_stranger_does_not()
    {
        using var here = HostPki.EnsureAt(At("a"));
        using var elsewhere = HostPki.EnsureAt(At("b"));
        await Handshake(here, here.ClientOptions(PkiRole.Agent, PkiRole.Controller));
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => Handshake(here, elsewhere.ClientOptions(PkiRole.Agent, PkiRole.Controller)));
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => Handshake(here, new() { TargetHost = "localhost", RemoteCertificateValidationCallback = here.Trust.Expect(PkiRole.Controller) }));
    }

    private static async Task Handshake(HostPki server, SslClientAuthenticationOptions client)
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var a = new TcpClient();
        await a.ConnectAsync((System.Net.IPEndPoint)listener.LocalEndpoint);
        using var b = await listener.AcceptTcpClientAsync();
        await using var there = new SslStream(a.GetStream());
        await using var here = new SslStream(b.GetStream());
        var dial = there.AuthenticateAsClientAsync(client);
        try
        {
            await here.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = server.Certificate(PkiRole.Controller),
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = server.Trust.Expect(PkiRole.Agent),
            });
        }
        catch (IOException e) when (e.InnerException is AuthenticationException or null)
        {
            throw new AuthenticationException("peer hung up", e);
        }
        await dial;
    }

    public void Dispose() => Directory.Delete(folder, true);
}
