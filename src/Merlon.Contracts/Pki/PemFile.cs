using System.Security.Cryptography;
using System.Text;

namespace Merlon.Contracts.Pki;

/// <summary>PEM files that only their owner reads, replaced whole: a kill in the middle leaves the old file or none.</summary>
internal static class PemFile
{
    public static void Write(string path, string label, ReadOnlySpan<byte> der)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(PemEncoding.WriteString(label, der) + "\n"));
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    public static byte[] Read(string path, string label)
    {
        var text = File.ReadAllText(path);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != label)
            throw new CryptographicException($"{path} holds no {label}");
        return Convert.FromBase64String(text[fields.Base64Data]);
    }
}
