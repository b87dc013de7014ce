using Xunit;

namespace Merlon.Fast.Tests.Architecture;

public class SourceTests
{
    private const int MostLines = 500;

    [Fact]
    public void No_source_file_is_longer_than_500_lines()
    {
        var sizes = Tree.Files().Where(p => Path.GetExtension(p) is ".cs" or ".c" or ".h")
            .Select(p => (Lines: Tree.Read(p).Count(c => c == '\n'), Path: p)).OrderByDescending(f => f.Lines).ToList();
        Assert.True(sizes.Count > 300);
        foreach (var (lines, path) in sizes.Take(5)) TestContext.Current.TestOutputHelper?.WriteLine($"{lines,5} {path}");
        Assert.DoesNotContain(sizes, f => f.Lines > MostLines);
    }

    /// <summary>What works on one machine only: a path of whoever wrote it.</summary>
    [Theory]
    [InlineData("work")]
    [InlineData("root")]
    [InlineData("home")]
    public void No_file_names_a_folder_of_the_machine_it_was_written_on(string folder)
    {
        var path = $"/{folder}/";
        Assert.DoesNotContain(Tree.Files(), p => Names(Tree.Read(p), path));
    }

    /// <summary>libvirt waits for its hook and holds the VM's lock: whatever the hook runs must not call it.</summary>
    [Fact]
    public void Nobody_but_the_daemons_watch_calls_libvirt()
    {
        IEnumerable<string> Naming(string type) => Tree.Files(".cs").Where(p => p.StartsWith("src/Merlon.Agent/", StringComparison.Ordinal) && Tree.Read(p).Contains(type, StringComparison.Ordinal));
        Assert.Equal(["src/Merlon.Agent/Guests/LibvirtWatch.cs"], Naming("LibvirtConnection"));
        Assert.Equal(["src/Merlon.Agent/Daemon.cs"], Naming("new LibvirtWatch").Concat(Naming("LibvirtWatch(")).Where(p => !p.EndsWith("/LibvirtWatch.cs", StringComparison.Ordinal)).Distinct());
    }

    // A path begins where no name is before it: tests/root/x is none.
    private static bool Names(string text, string path)
    {
        for (var at = text.IndexOf(path, StringComparison.Ordinal); at >= 0; at = text.IndexOf(path, at + 1, StringComparison.Ordinal))
            if (at == 0 || !(char.IsLetterOrDigit(text[at - 1]) || text[at - 1] is '.' or '-' or '_' or '}' or ')')) return true;
        return false;
    }
}
