using Merlon.Fast.Tests.Policy;

namespace Merlon.Fast.Tests.Architecture;

/// <summary>The repository's own files: nothing that was built.</summary>
internal static class Tree
{
    private static readonly string[] s_built = ["bin", "obj", "artifacts", ".git", ".vs", "TestResults"];

    /// <summary>Paths below the root that end in <paramref name="ending"/>, sorted.</summary>
    public static IReadOnlyList<string> Files(string ending = "") =>
        [.. Below(new DirectoryInfo(CaseFolder.Root)).Where(f => f.EndsWith(ending, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public static string Read(string path) => CaseFolder.Read(path);

    private static IEnumerable<string> Below(DirectoryInfo folder) =>
        folder.EnumerateFiles().Where(f => f.LinkTarget is null && f.Name != ".git").Select(f => Path.GetRelativePath(CaseFolder.Root, f.FullName))
            .Concat(folder.EnumerateDirectories().Where(d => d.LinkTarget is null && !s_built.Contains(d.Name)).SelectMany(Below));
}
