using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merlon.Contracts.Pki;

/// <summary>Makes the host's CA and its leaves. The key is written before its certificate: a certificate without a key
/// never exists, a key without one is replaced.</summary>
internal static class CertificateMaker
{
    private const int AuthorityYears = 30;
    private const int LeafYears = 10;

    public static void MakeAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Merlon CA of {Environment.MachineName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var (from, to) = Validity(AuthorityYears);
        using var certificate = request.CreateSelfSigned(from, to);
        Save(name, key, certificate);
    }

    public static void MakeLeaf(string name, PkiRole role, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={HostPki.CommonName(role)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([HostPki.Usage(role)], true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (role == PkiRole.Controller) request.CertificateExtensions.Add(ControllerNames());
        var (from, to) = Validity(LeafYears);
        using var certificate = request.Create(authority, from, to, RandomNumberGenerator.GetBytes(16));
        Save(name, key, certificate);
    }

    private static X509Extension ControllerNames()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return names.Build();
    }

    // A day back: a VM's clock may be behind its host's when the two first speak.
    private static (DateTimeOffset From, DateTimeOffset To) Validity(int years)
    {
        var now = DateTimeOffset.UtcNow;
        return (now.AddDays(-1), now.AddYears(years));
    }

    private static void Save(string name, ECDsa key, X509Certificate2 certificate)
    {
        PemFile.Write(name + ".key", "PRIVATE KEY", key.ExportPkcs8PrivateKey());
        PemFile.Write(name + ".pem", "CERTIFICATE", certificate.RawData);
    }
}
