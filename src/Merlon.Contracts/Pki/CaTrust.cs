using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merlon.Contracts.Pki;

/// <summary>Trusts exactly one CA and, under it, exactly one role: no system store, no host names.</summary>
public sealed class CaTrust(X509Certificate2 authority) : IDisposable
{
    public X509Certificate2 Authority { get; } = authority;

    /// <summary>Reads the CA's certificate (PEM), e.g. <see cref="Api.ApiAccess.CaFile"/>.</summary>
    public static CaTrust FromFile(string caFile)
    {
        try
        {
            return new(X509CertificateLoader.LoadCertificate(PemFile.Read(caFile, "CERTIFICATE")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new PkiException($"cannot read the CA certificate {caFile}: {e.Message}", e);
        }
    }

    /// <summary>A callback for SslClientAuthenticationOptions and Kestrel that accepts only this CA's <paramref name="role"/>.</summary>
    public RemoteCertificateValidationCallback Expect(PkiRole role) => (_, certificate, _, _) =>
        certificate is X509Certificate2 two && IsTrusted(two, role);

    /// <summary>True when the peer's certificate was issued by this CA for <paramref name="role"/> and is valid now.</summary>
    public bool IsTrusted(X509Certificate2? certificate, PkiRole role)
    {
        if (certificate is null || certificate.GetNameInfo(X509NameType.SimpleName, false) != HostPki.CommonName(role)) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(HostPki.Usage(role));
        return chain.Build(certificate);
    }

    public void Dispose() => Authority.Dispose();
}
