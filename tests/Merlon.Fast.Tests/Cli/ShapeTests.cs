using System.CommandLine;
using System.Text.Json.Nodes;
using Merlon.Cli;
using Merlon.Cli.Commands;
using Merlon.Cli.Output;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

public class ShapeTests
{
    [Fact]
    public void Every_verb_has_an_example_that_parses()
    {
        var root = MerlonCommand.Create(new Names(asking: null));
        foreach (var verb in Verbs(root).Where(v => !v.Hidden))
        {
            Assert.NotEmpty(verb.Examples);
            foreach (var example in verb.Examples.Where(e => e.StartsWith("merlon ", StringComparison.Ordinal)))
                Assert.Empty(root.Parse(example.Split('>')[0]["merlon ".Length..]).Errors);
        }
    }

    /// <summary>Every verb that gives data gives it as JSON too, and shows in its help how it is called.</summary>
    [Fact]
    public async Task Every_verb_takes_json_and_its_help_ends_with_its_examples()
    {
        var root = MerlonCommand.Create(new Names(asking: null));
        foreach (var verb in Verbs(root).Where(v => !v.Hidden))
        {
            string[] path = [.. Path(verb)];
            var said = await CommandLine.Run([.. path, "--help"]);
            Assert.Equal((0, ""), (said.Code, said.Error));
            Assert.Contains("-o, --output <json|table|yaml>", said.Out, StringComparison.Ordinal);
            Assert.EndsWith($"Examples:\n{string.Concat(verb.Examples.Select(e => $"  {e}\n"))}\n", said.Out, StringComparison.Ordinal);
            var words = verb.Examples.First(e => e.StartsWith("merlon ", StringComparison.Ordinal)).Split('>')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
            Assert.Empty(root.Parse(words.Contains("-o") ? words : [.. words, "-o", "json"]).Errors);
        }
    }

    [Fact]
    public async Task Help_goes_to_stdout_and_ends_with_examples()
    {
        var said = await CommandLine.Run("explain", "--help");
        Assert.Equal((0, ""), (said.Code, said.Error));
        Golden.Expect("help-explain", said.Out);
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("get")]
    [InlineData("apply")]
    [InlineData("get", "vm", "-o", "xml")]
    [InlineData("--instance", "../evil", "get", "vm")]
    public async Task A_wrong_command_line_ends_with_1_and_no_data(params string[] args)
    {
        var said = await CommandLine.Run(args);
        Assert.Equal((1, ""), (said.Code, said.Out));
        Assert.StartsWith("error: ", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_controller_there_is_one_line_with_the_mend()
    {
        var said = await CommandLine.Run("get", "vm");
        Assert.Equal((1, ""), (said.Code, said.Out));
        Assert.Equal("error: no controller has run here yet (/var/lib/merlon-nothing-of-this-name/api.json is missing); start merlon-controller, name its instance (--instance or MERLON_INSTANCE), or set MERLON_API, MERLON_TOKEN and MERLON_CA\n", said.Error);
        var away = new Dictionary<string, string> { ["MERLON_API"] = "https://127.0.0.1:1", ["MERLON_TOKEN"] = "t", ["MERLON_CA"] = "/nowhere.pem" };
        Assert.Equal(1, (await CommandLine.Run(away, "get", "vm")).Code);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Completion_scripts_call_complete(string shell)
    {
        var said = await CommandLine.Run("completion", shell);
        Assert.Equal(0, said.Code);
        Assert.Contains("merlon complete", said.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("merlon ", "check\n")]
    [InlineData("merlon get po", "policy\n")]
    [InlineData("merlon apply --pr", "--prune\n")]
    [InlineData("merlon get vm -o js", "json\n")]
    [InlineData("merlon lab migrate web-1 ", "host-2\n")]
    [InlineData("merlon lab virsh --on ", "host-1\n")]
    public async Task Words_are_completed(string line, string word)
    {
        var said = await CommandLine.Run("complete", $"{line.Length}", line);
        Assert.Contains(word, said.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("/?", said.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5m", "2026-11-24T07:55:00.0000000+00:00")]
    [InlineData("1d", "2026-11-23T08:00:00.0000000+00:00")]
    [InlineData("2026-11-24T07:00:00Z", "2026-11-24T07:00:00.0000000+00:00")]
    public void Since_takes_ages_and_instants(string text, string instant) => Assert.Equal(instant, FlowsCommand.SinceOf(text, Records.At));

    [Fact]
    public void Since_refuses_the_rest()
    {
        foreach (var text in new[] { "m", "-5m", "5y", "yesterday", "" }) Assert.Throws<CliException>(() => FlowsCommand.SinceOf(text, Records.At));
    }

    [Fact]
    public void Yaml_quotes_what_would_mean_something_else()
    {
        var tree = JsonNode.Parse("""{"a":"yes","b":"10.8.0.5","c":"plain word","d":[],"e":{},"f":[{"x":1,"y":[true,null]},"- z"],"g":"a: b","h":"line\nline","i":"52:54:00:00:00:05","k":"web #1"}""");
        Golden.Expect("yaml", YamlText.Of(tree));
    }

    private static IEnumerable<string> Path(Command verb) =>
        verb.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? Path(parent).Append(verb.Name) : [verb.Name];

    private static IEnumerable<Verb> Verbs(Command command) =>
        command.Subcommands.SelectMany(s => Verbs(s).Concat(s is Verb v ? [v] : []));
}
