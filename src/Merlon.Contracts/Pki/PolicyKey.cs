using System.Security.Cryptography;

namespace Merlon.Contracts.Pki;

/// <summary>A public key that signs policy: ECDSA P-256.</summary>
public sealed class PolicyKey : IDisposable
{
    // What is signed is a policy and nothing else that this key may ever sign.
    private static readonly byte[] s_purpose = "merlon vm policy 1\n"u8.ToArray();
    private readonly ECDsa _key;

    /// <summary>Throws <see cref="CryptographicException"/> for a key of another kind.</summary>
    /// <param name="info">SubjectPublicKeyInfo (RFC 5280 4.1).</param>
    public PolicyKey(ReadOnlySpan<byte> info)
    {
        _key = ECDsa.Create();
        _key.ImportSubjectPublicKeyInfo(info, out _);
        var curve = _key.ExportParameters(includePrivateParameters: false).Curve;
        if (curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value && curve.Oid.FriendlyName != ECCurve.NamedCurves.nistP256.Oid.FriendlyName)
            throw new CryptographicException("the key is not of the curve P-256");
        Id = IdOf(info);
    }

    /// <summary>First 8 bytes of SHA-256 of the SubjectPublicKeyInfo: says which key to try, proves nothing.</summary>
    public byte[] Id { get; }

    public bool Verify(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature) => _key.VerifyHash(HashOf(content), signature);

    public void Dispose() => _key.Dispose();

    internal static byte[] IdOf(ReadOnlySpan<byte> info) => SHA256.HashData(info)[..8];

    internal static byte[] HashOf(ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(s_purpose);
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}
