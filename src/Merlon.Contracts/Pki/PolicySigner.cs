using System.Security.Cryptography;

namespace Merlon.Contracts.Pki;

/// <summary>The manager role's key: what it signs is policy wherever its public half is trusted. In the folder of certificates: <c>policy.key</c>,
/// <c>policy.pub</c>, and <c>installation</c>, which stays the same when the key changes.</summary>
public sealed class PolicySigner : IDisposable
{
    private const string KeyFile = "policy.key", PublicFile = "policy.pub", InstallationFile = "installation";
    private readonly ECDsa _key;

    private PolicySigner(ECDsa key, string installation)
    {
        (_key, Installation) = (key, installation);
        Id = PolicyKey.IdOf(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Whose sequences these are; 32 hex digits.</summary>
    public string Installation { get; }

    /// <summary>As <see cref="PolicyKey.Id"/>.</summary>
    public byte[] Id { get; }

    /// <summary>Loads the key, or makes one. Throws <see cref="PkiException"/>; nothing is overwritten then.</summary>
    public static PolicySigner EnsureAt(string folder)
    {
        var path = Path.Combine(folder, KeyFile);
        try
        {
            if (!File.Exists(path)) Make(folder);
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(PemFile.Read(path, "PRIVATE KEY"), out _);
            // A kill between the two files leaves the key without its public half.
            var info = key.ExportSubjectPublicKeyInfo();
            if (!File.Exists(Path.Combine(folder, PublicFile))) PemFile.Write(Path.Combine(folder, PublicFile), "PUBLIC KEY", info);
            if (!PemFile.Read(Path.Combine(folder, PublicFile), "PUBLIC KEY").AsSpan().SequenceEqual(info))
                throw new CryptographicException($"{PublicFile} is not the public half of {KeyFile}");
            return new(key, InstallationOf(folder) ?? throw new CryptographicException($"{InstallationFile} is damaged"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            throw new PkiException($"cannot use the policy key in {folder}: {e.Message}", e);
        }
    }

    /// <summary>A new key from now on. The old public half stays, as <c>policy-ID.pub</c>, so that what it signed counts until the file is removed.</summary>
    public static void Rotate(string folder)
    {
        using (var old = EnsureAt(folder))
            File.Copy(Path.Combine(folder, PublicFile), Path.Combine(folder, $"policy-{Convert.ToHexStringLower(old.Id)}.pub"), overwrite: true);
        File.Delete(Path.Combine(folder, KeyFile));
        File.Delete(Path.Combine(folder, PublicFile));
        EnsureAt(folder).Dispose();
    }

    /// <summary>The installation of a folder; null when it is in none.</summary>
    public static string? InstallationOf(string folder) =>
        Path.Combine(folder, InstallationFile) is var path && File.Exists(path) && File.ReadAllText(path).Trim() is { Length: 32 } text && text.All(char.IsAsciiHexDigitLower)
            ? text : null;

    public byte[] Sign(ReadOnlySpan<byte> content) => _key.SignHash(PolicyKey.HashOf(content));

    public void Dispose() => _key.Dispose();

    private static void Make(string folder)
    {
        var installation = Path.Combine(folder, InstallationFile);
        if (!File.Exists(installation))
        {
            File.WriteAllText(installation + ".new", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n");
            File.Move(installation + ".new", installation);
        }
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        PemFile.Write(Path.Combine(folder, KeyFile), "PRIVATE KEY", key.ExportPkcs8PrivateKey());
    }
}
