namespace Merlon.Policy.Text;

/// <summary>Which names are names.</summary>
internal static class NameRules
{
    public const string Documents = "1-63 of a-z, 0-9, '-', '_', '.', beginning with a letter or digit";

    /// <summary>Tenants, documents and rules: they stand in references and paths.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.')
        && char.IsAsciiLetterOrDigit(text[0]);

    /// <summary>VMs and networks: the hypervisor names them, so nearly everything goes.</summary>
    public static bool IsForeignName(string text) =>
        text.Length is > 0 and <= 255 && !text.Any(c => char.IsControl(c) || c == '/') && text.Trim().Length == text.Length;
}
