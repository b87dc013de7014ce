using System.Text.RegularExpressions;
using Merlon.Datapath.Abi;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Architecture;

public partial class DocsTests
{
    [Fact]
    public void The_list_of_reasons_has_every_reason_once_and_no_other()
    {
        var page = Tree.Read("docs/packet-path.md");
        var listed = Rows().Matches(page[page.IndexOf("\n## Reasons", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value);
        Assert.Equal(Enum.GetValues<Reason>().Where(r => r != Reason.None).Select(r => r.Text()), listed);
    }

    /// <summary>The build writes the API's description to obj, where it makes no tree dirty; the page that people read is checked in.</summary>
    [Fact]
    public void The_OpenAPI_file_is_what_the_controller_says_of_itself() =>
        CaseFolder.Expect("docs/openapi/merlon.json", Tree.Read("src/Merlon.Controller/obj/merlon.json"));

    [GeneratedRegex(@"^\| `([a-z0-9-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
