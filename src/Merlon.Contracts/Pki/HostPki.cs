using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merlon.Contracts.Pki;

/// <summary>The unit of trust of one host: a CA and the certificates of its agent and controller (ECDSA P-256), made once in
/// <see cref="InstancePaths.Pki"/> by whichever of the two starts first.</summary>
public sealed class HostPki : IDisposable
{
    private const int LockSeconds = 10;
    private readonly Dictionary<PkiRole, X509Certificate2> certificates = [];

    private HostPki(string folder, CaTrust trust) => (Folder, Trust) = (folder, trust);

    public string Folder { get; }

    /// <summary>Validates peers against this host's CA.</summary>
    public CaTrust Trust { get; }

    /// <summary>PEM of the CA, for <see cref="Api.ApiAccess.CaFile"/>.</summary>
    public string AuthorityFile => Path.Combine(Folder, "ca.pem");

    /// <summary>Loads what is there and makes what is missing. Throws <see cref="PkiException"/> when a file is unreadable or
    /// does not belong to the others: nothing is overwritten then.</summary>
    public static HostPki EnsureAt(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using var hold = Lock(Path.Combine(folder, "lock"));
            return Load(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            throw new PkiException($"cannot use the certificates in {folder}: {e.Message}", e);
        }
    }

    /// <summary>The certificate of a role, with its private key.</summary>
    public X509Certificate2 Certificate(PkiRole role) => certificates[role];

    /// <summary>TLS options of a client that is <paramref name="self"/> and talks to <paramref name="peer"/> only.</summary>
    public SslClientAuthenticationOptions ClientOptions(PkiRole self, PkiRole peer) => new()
    {
        TargetHost = "localhost",
        ClientCertificates = [Certificate(self)],
        RemoteCertificateValidationCallback = Trust.Expect(peer),
    };

    public void Dispose()
    {
        foreach (var certificate in certificates.Values) certificate.Dispose();
        Trust.Dispose();
    }

    internal static string CommonName(PkiRole role) => role == PkiRole.Agent ? "merlon-agent" : "merlon-controller";

    /// <summary>Extended key usage (RFC 5280 4.2.1.12): an agent only dials, a controller only serves.</summary>
    internal static Oid Usage(PkiRole role) => new(role == PkiRole.Agent ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1");

    // The other process may be making the same files at this moment.
    private static FileStream Lock(string path)
    {
        var until = Environment.TickCount64 + LockSeconds * 1000;
        while (true)
        {
            if (HeldFile.TryTake(path) is { } taken) return taken;
            if (Environment.TickCount64 >= until) throw new IOException($"another process has held {path} for {LockSeconds} s");
            Thread.Sleep(20);
        }
    }

    private static HostPki Load(string folder)
    {
        var ca = Path.Combine(folder, "ca");
        if (!File.Exists(ca + ".pem")) CertificateMaker.MakeAuthority(ca);
        using var authority = LoadPair(ca);
        var pki = new HostPki(folder, CaTrust.FromFile(ca + ".pem"));
        foreach (var role in new[] { PkiRole.Agent, PkiRole.Controller })
        {
            var name = Path.Combine(folder, role == PkiRole.Agent ? "agent" : "controller");
            if (!File.Exists(name + ".pem")) CertificateMaker.MakeLeaf(name, role, authority);
            var leaf = LoadPair(name);
            if (!pki.Trust.IsTrusted(leaf, role)) throw new CryptographicException($"{name}.pem is not a valid certificate of {ca}.pem for its role");
            pki.certificates[role] = leaf;
        }
        return pki;
    }

    private static X509Certificate2 LoadPair(string name)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(PemFile.Read(name + ".key", "PRIVATE KEY"), out _);
        using var certificate = X509CertificateLoader.LoadCertificate(PemFile.Read(name + ".pem", "CERTIFICATE"));
        try
        {
            return certificate.CopyWithPrivateKey(key);
        }
        catch (ArgumentException)
        {
            throw new CryptographicException($"{name}.key is not the key of {name}.pem");
        }
    }
}
