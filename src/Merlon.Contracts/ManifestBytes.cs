using System.Text;

namespace Merlon.Contracts;

/// <summary>Reads a text of people (manifest, cases) and never more of it than a limit: a file, a pipe or a device alike.</summary>
public static class ManifestBytes
{
    /// <summary>A policy is text that people wrote; more than this is a mistake.</summary>
    public const int Most = 64 << 20;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null = larger than <see cref="Most"/>. Throws <see cref="DecoderFallbackException"/> when it is not UTF-8, and what opening a file throws.</summary>
    public static string? Text(string path)
    {
        using var file = File.OpenRead(path);
        if (file.CanSeek && file.Length > Most) return null;
        using var all = new MemoryStream();
        var chunk = new byte[1 << 16];
        for (int read; (read = file.Read(chunk)) > 0;)
        {
            if (all.Length + read > Most) return null;
            all.Write(chunk, 0, read);
        }
        var bytes = all.GetBuffer().AsSpan(0, (int)all.Length);
        return s_utf8.GetString(bytes.StartsWith("\ufeff"u8) ? bytes[3..] : bytes);
    }
}
