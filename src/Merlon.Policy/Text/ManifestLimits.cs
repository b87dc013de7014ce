namespace Merlon.Policy.Text;

/// <summary>What one parse may cost. Callers that read files compare the file's length before reading it.</summary>
public static class ManifestLimits
{
    /// <summary>Characters of one file.</summary>
    public const int MaxFileLength = 16 * 1024 * 1024;

    /// <summary>YAML nodes of one file.</summary>
    public const int MaxNodes = 4_000_000;

    /// <summary>Nesting of mappings and sequences.</summary>
    public const int MaxDepth = 32;

    /// <summary>Findings reported of one file; the rest is only counted.</summary>
    public const int MaxDiagnostics = 200;
}
