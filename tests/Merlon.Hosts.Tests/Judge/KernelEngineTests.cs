using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Judge;

/// <summary><c>merlon test --engine kernel</c>, as people call it: the agent that is built loads the program and judges.</summary>
public class KernelEngineTests
{
    private static readonly string Cases = Path.Combine(Repository.Root, "tests/cases/policy/decide");

    [Theory]
    [InlineData("guards")]
    [InlineData("nested-groups")]
    [InlineData("observe-guard")]
    [InlineData("realms")]
    [InlineData("schedule")]
    [InlineData("shared-group")]
    [InlineData("tenant-names")]
    [InlineData("untracked")]
    [InlineData("who-judges")]
    public void The_kernel_says_what_the_image_says(string name)
    {
        var file = Path.Combine(Cases, name + ".yaml");
        var (image, kernel) = (Judged(file, "image"), Judged(file, "kernel"));
        Assert.All(kernel, r => Assert.True(r is { Ok: true, Engine: "kernel" }, $"{r}"));
        Assert.Equal(image.Select(r => r with { Engine = "kernel" }), kernel);
    }

    [Fact]
    public void A_case_that_does_not_hold_ends_with_6_and_stands_in_the_report()
    {
        var (file, report) = (Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            File.WriteAllText(file, File.ReadAllText(Path.Combine(Cases, "who-judges.yaml")).Replace("expect: allow", "expect: reject", StringComparison.Ordinal));
            File.Move(file, file += ".yaml");
            var said = Shell.Run(Repository.Bin("merlon"), "test", "-f", file, "-i", file, "--engine", "kernel", "--junit", report);
            Assert.Equal(6, said.Code);
            Assert.Contains("FAILED", said.Out, StringComparison.Ordinal);
            Assert.Contains("<failure", File.ReadAllText(report), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
            File.Delete(report);
        }
    }

    private static IReadOnlyList<CaseResult> Judged(string file, string engine) =>
        JsonSerializer.Deserialize(Shell.Run(Repository.Bin("merlon"), "test", "-f", file, "-i", file, "--engine", engine, "-o", "json").Ok(), ApiJson.Default.IReadOnlyListCaseResult)!;
}
