using System.Text.RegularExpressions;
using Merlon.Fast.Tests.Cli;
using Merlon.Policy.Cases;
using Merlon.Policy.Compile;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public partial class DocsTests
{
    [Fact]
    public void The_examples_of_the_manual_are_one_policy_and_its_cases_hold()
    {
        var blocks = Blocks().Matches(CaseFolder.Read("docs/policy-language.md")).Select(m => m.Groups[1].Value).ToArray();
        Assert.True(blocks.Length >= 8);
        var scene = new Scene(string.Join("---\n", blocks));
        var rows = scene.Set.Tests.SelectMany(t => t.Cases).ToArray();
        foreach (var judge in new[] { CaseRunner.PlainEngine(scene.Set, scene.Inventory), CaseRunner.ImageEngine(scene.Set, scene.Inventory) })
            Assert.Empty(CaseRunner.Run(rows, scene.Set, scene.Inventory, "", judge).Where(o => !o.Ok).Select(o => $"{o.Row.From} {o.Row.To} {o.Row.Service}: {o.Problem}"));
    }

    /// <summary>As somebody types them in: VMs as inventory, the rest as policy, the cases as a file of their own.</summary>
    [Theory]
    [InlineData("check")]
    [InlineData("test", "--engine", "plain")]
    [InlineData("test", "--engine", "image")]
    public async Task The_examples_of_the_manual_pass_the_command_line(params string[] verb)
    {
        var folder = Directory.CreateTempSubdirectory("merlon-manual-");
        try
        {
            var files = Blocks().Matches(CaseFolder.Read("docs/policy-language.md")).Select(m => m.Groups[1].Value)
                .GroupBy(b => b.Contains("kind: Inventory", StringComparison.Ordinal) ? "vms" : b.Contains("kind: PolicyTest", StringComparison.Ordinal) ? "cases" : "policy")
                .ToDictionary(g => g.Key, g => (Path: Path.Combine(folder.FullName, g.Key + ".yaml"), Text: string.Join("---\n", g)));
            foreach (var (path, text) in files.Values) await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
            string[] what = verb[0] == "check" ? [files["policy"].Path, files["cases"].Path] : ["-f", files["policy"].Path, files["cases"].Path];
            var said = await CommandLine.Run([.. verb, .. what, "-i", files["vms"].Path, "-o", "json"]);
            Assert.True(said.Code == 0, said.Out + said.Error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_limits_of_the_manual_are_those_of_the_code()
    {
        var text = Regex.Replace(CaseFolder.Read("docs/policy-language.md"), @"\s+", " ");
        foreach (var number in new[] { $"{ImageLimits.RemoteClasses:n0} remote", $"{ImageLimits.CellsOfRuleset:n0} cells", $"{ImageLimits.V6Lengths} IPv6 prefix lengths", $"{ImageLimits.NicLocals} own addresses", $"{ImageLimits.Realms} realms", $"{ImageLimits.Nics:n0} guarded vNICs", $"{ImageLimits.ServiceClasses:n0} service classes",
            $"{ImageLimits.Combos:n0} service combinations", $"{ImageLimits.Chunks:n0} chunks", $"{ImageLimits.Rules:n0} rules", $"{ImageLimits.Words >> 17} MiB in all" })
            Assert.Contains(number, text, StringComparison.Ordinal);
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
