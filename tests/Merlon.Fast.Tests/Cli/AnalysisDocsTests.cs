using System.Text;
using System.Text.RegularExpressions;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

/// <summary>Runs docs/analysis.md: its blocks are files, its commands must say what stands below them and end as they say.</summary>
public sealed partial class AnalysisDocsTests : IDisposable
{
    private const string Page = "docs/analysis.md";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("merlon-docs");

    [Fact]
    public async Task The_commands_of_the_page_say_what_it_shows()
    {
        var page = CaseFolder.Read(Page);
        foreach (Match file in Files().Matches(page)) await File.WriteAllTextAsync(At(file.Groups[1].Value), file.Groups[2].Value, TestContext.Current.CancellationToken);
        var (said, at) = (new StringBuilder(), 0);
        foreach (Match block in Consoles().Matches(page))
        {
            said.Append(page, at, block.Groups[1].Index - at);
            foreach (Match command in Commands().Matches(block.Groups[1].Value)) said.Append(await Run(command.Groups[1].Value));
            at = block.Groups[1].Index + block.Groups[1].Length;
        }
        Assert.True(at > 0);
        CaseFolder.Expect(Page, said.Append(page, at, page.Length - at).ToString());
    }

    public void Dispose() => folder.Delete(recursive: true);

    private async Task<string> Run(string line)
    {
        var said = await CommandLine.Run([.. line.Split(' ').Select(w => w.EndsWith(".yaml", StringComparison.Ordinal) ? At(w) : w)]);
        return $"$ merlon {line}    # exit {said.Code}\n{(said.Out + said.Error).Replace(folder.FullName + "/", "", StringComparison.Ordinal)}";
    }

    private string At(string name) => Path.Combine(folder.FullName, name);

    [GeneratedRegex("```yaml (\\S+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Files();

    [GeneratedRegex("```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Consoles();

    [GeneratedRegex("^\\$ merlon (.*?) +# exit \\d+$", RegexOptions.Multiline)]
    private static partial Regex Commands();
}
