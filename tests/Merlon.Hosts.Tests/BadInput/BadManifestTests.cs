using System.Text.Json.Nodes;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>A bad manifest is refused with file, line, column, code and what to do, and nothing of it is applied; the corrected
/// one is (the control).</summary>
[Collection(GuardedPairCollection.Name)]
public sealed class BadManifestTests(GuardedPair pair)
{
    public static TheoryData<string> Names => [.. BadCases.All.Keys];

    [Theory, MemberData(nameof(Names))]
    public void It_is_refused_whole_and_the_corrected_one_is_applied(string name)
    {
        var bad = BadCases.All[name];
        string[] files = [.. bad.Files.Select(pair.Product.WriteManifest)];
        string[] apply = ["apply", .. files.SelectMany(f => new[] { "-f", f })];
        var before = pair.Standing();

        var said = pair.Product.Cli(apply);
        Assert.Equal((1, ""), (said.Code, said.Out));
        var lines = said.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(bad.Expected.Select(e => $"{files[e.File]}:{e.Line}:{e.Column}: error {e.Code}").Order(), lines[..^1].Select(Start).Order());
        Assert.Equal("error: nothing was applied; correct the errors above", lines[^1]);

        var json = pair.Product.Cli([.. apply, "-o", "json"]);
        Assert.Equal(1, json.Code);
        var result = JsonNode.Parse(json.Out)!;
        Assert.False(result["applied"]!.GetValue<bool>());
        Assert.Equal(bad.Expected.Select(e => (files[e.File], e.Line, e.Column, e.Code)).Order(), result["diagnostics"]!.AsArray().Select(Place!).Order());
        Assert.All(result["diagnostics"]!.AsArray(), d => Assert.NotEqual("", (string?)d!["hint"] ?? ""));

        Assert.Equal(GuardedPair.OnlyOpen, before.Delivered);
        Assert.Equal(before, pair.Standing());

        pair.Product.Cli(["apply", .. bad.Corrected.SelectMany(c => new[] { "-f", pair.Product.WriteManifest(c) }), "--wait"]).Ok();
        var after = pair.Standing();
        Assert.NotEqual(before.Revisions, after.Revisions);
        Assert.NotEqual(before.Documents, after.Documents);
    }

    [Fact]
    public void A_stored_name_applied_again_takes_the_place_of_the_stored_one()
    {
        const string group = "apiVersion: merlon/v1\nkind: Group\nmetadata: {name: again, tenant: shop}\nspec: {cidrs: [10.0.0.0/8]}\n";
        pair.Product.Apply(group);
        var before = Documents();
        var said = pair.Product.Cli("apply", "-f", pair.Product.WriteManifest(group.Replace("10.0.0.0/8", "10.1.0.0/16", StringComparison.Ordinal)));
        Assert.StartsWith("group/shop/again changed\n", said.Ok(), StringComparison.Ordinal);
        Assert.Equal(before, Documents());
        var unchanged = pair.Product.Cli("apply", "-f", pair.Product.WriteManifest(group.Replace("10.0.0.0/8", "10.1.0.0/16", StringComparison.Ordinal)));
        Assert.Equal("unchanged\n", unchanged.Ok());

        int Documents() => JsonNode.Parse(pair.Product.Cli("get", "document", "-o", "json").Ok())!.AsArray().Count;
    }

    [Theory]
    [InlineData("delete", "group/shop/all")]
    [InlineData("apply --prune")]
    public void What_a_stored_policy_needs_cannot_be_removed(params string[] words)
    {
        string[] command = words[0] == "delete" ? words
            : ["apply", "--prune", "-f", pair.Product.WriteManifest(Guarding.Manifests.Open($"udp/{GuardedPair.Open}").Split("---\n")[1])];
        var before = pair.Standing();
        var said = pair.Product.Cli(command);
        Assert.Equal(1, said.Code);
        Assert.Contains("error unknown-group: group 'all' does not exist in tenant 'shop'", said.Error, StringComparison.Ordinal);
        Assert.EndsWith("error: nothing was applied; correct the errors above\n", said.Error, StringComparison.Ordinal);
        Assert.Equal(before, pair.Standing());
    }

    // Up to the code: messages and hints are the reject cases' matter (tests/cases/policy/reject).
    private static string Start(string line) => line[..line.IndexOf(": ", line.IndexOf(": error ", StringComparison.Ordinal) + 2, StringComparison.Ordinal)];

    private static (string, int, int, string) Place(JsonNode d) =>
        ((string)d["file"]!, (int)d["line"]!, (int)d["column"]!, (string)d["code"]!);
}
