using System.Security.Cryptography;

namespace Merlon.Contracts.Pki;

/// <summary>Whose policy counts on this host: the public keys <c>*.pub</c> (PEM) of some folders. Read anew for each question that matters, so a
/// file put there or removed counts at once.</summary>
public sealed class TrustList : IDisposable
{
    private readonly List<PolicyKey> _keys = [];

    private TrustList()
    {
    }

    /// <summary>Files that are no such key, each with why; they trust nobody.</summary>
    public Dictionary<string, string> Unreadable { get; } = [];

    public int Count => _keys.Count;

    public static TrustList Read(params IEnumerable<string> folders)
    {
        var list = new TrustList();
        foreach (var file in folders.Where(Directory.Exists).SelectMany(f => Directory.EnumerateFiles(f, "*.pub")).Order(StringComparer.Ordinal))
            try
            {
                list._keys.Add(new(PemFile.Read(file, "PUBLIC KEY")));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
            {
                list.Unreadable[file] = e.Message;
            }
        return list;
    }

    public PolicyKey? Find(ReadOnlySpan<byte> id)
    {
        foreach (var key in _keys)
            if (id.SequenceEqual(key.Id)) return key;
        return null;
    }

    public void Dispose() => _keys.ForEach(k => k.Dispose());
}
