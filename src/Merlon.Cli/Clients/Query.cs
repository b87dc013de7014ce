using System.Globalization;

namespace Merlon.Cli.Clients;

/// <summary>Builds paths with query strings; parameters without a value are left out.</summary>
internal static class Query
{
    public static string Path(string path, params (string Name, string? Value)[] parameters)
    {
        var given = parameters.Where(p => !string.IsNullOrEmpty(p.Value)).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}");
        return string.Join('?', new[] { path, string.Join('&', given) }.Where(p => p.Length > 0));
    }

    public static string Number(int n) => n.ToString(CultureInfo.InvariantCulture);
}
