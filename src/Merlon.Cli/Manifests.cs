using System.Text;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Cli;

/// <summary>Manifest files named on the command line: a file, or every *.yaml and *.yml under a folder.</summary>
internal static class Manifests
{
    public static IReadOnlyList<ManifestFile> Read(IEnumerable<string> paths)
    {
        var files = new List<ManifestFile>();
        foreach (var path in paths.SelectMany(Expand).Distinct()) files.Add(new(path, Text(path)));
        return files;
    }

    public static string Text(string path)
    {
        try
        {
            return ManifestBytes.Text(path) ?? throw new CliException($"{path} is larger than {ManifestBytes.Most >> 20} MiB", "split it");
        }
        catch (DecoderFallbackException)
        {
            throw new CliException($"{path} is not UTF-8 text", "name a manifest, or save it as UTF-8");
        }
        catch (UnauthorizedAccessException)
        {
            throw Unreadable(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(path);
        }
    }

    private static IEnumerable<string> Expand(string path)
    {
        if (!Directory.Exists(path)) return File.Exists(path) ? [path] : throw Missing(path);
        try
        {
            string[] found = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(f => f.EndsWith(".yaml", StringComparison.Ordinal) || f.EndsWith(".yml", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)];
            return found.Length > 0 ? found : throw new CliException($"no *.yaml under {path}", "name a file or a folder with manifests");
        }
        catch (UnauthorizedAccessException)
        {
            // Half of a folder would be half of a policy.
            throw Unreadable(path);
        }
    }

    private static CliException Missing(string path) => new($"{path} does not exist", "name a file or a folder with manifests");

    private static CliException Unreadable(string path) =>
        new($"{path} or something in it may not be read by this user", "change its permissions, or use sudo", ExitCode.Denied);
}
