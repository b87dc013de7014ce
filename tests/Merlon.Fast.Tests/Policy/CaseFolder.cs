using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Data files of tests/cases/policy, and the sources that purity is read from.</summary>
internal static class CaseFolder
{
    public static string Root { get; } = FindRoot();

    /// <summary>One theory row per file: its path below the root.</summary>
    public static TheoryData<string> Files(string folder) =>
        [.. Directory.GetFiles(Path.Combine(Root, "tests/cases/policy", folder), "*.yaml").Select(f => Path.GetRelativePath(Root, f)).Order(StringComparer.Ordinal)];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Compares with a stored text; <c>UPDATE_EXPECTED=1</c> writes it instead.</summary>
    public static void Expect(string path, string actual)
    {
        var full = Path.Combine(Root, path);
        if (Environment.GetEnvironmentVariable("UPDATE_EXPECTED") == "1") File.WriteAllText(full, actual);
        Assert.Equal(File.Exists(full) ? File.ReadAllText(full) : "", actual);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Merlon.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the repository's root is not above the tests");
    }
}
