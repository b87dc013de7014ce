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
        if (BoundedBytes.Read(file, Most) is not { } bytes) return null;
        return s_utf8.GetString(bytes.Span[(bytes.Span.StartsWith("\ufeff"u8) ? 3 : 0)..]);
    }
}
