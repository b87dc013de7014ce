using System.Text.Json;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>The main job on real VMs: measured without Merlon, then with it, each cell held against policy, flow log and lab/cases.yaml.</summary>
[Collection(LabCollection.Name)]
public sealed class GuardedMatrixTests(LabHost lab, GuardedLab guarded) : IClassFixture<GuardedLab>
{
    [Fact]
    public void Every_cell_is_as_the_policy_says_and_every_refused_one_is_told_with_its_rule()
    {
        var before = Path.GetTempFileName();
        try
        {
            lab.Cli("matrix", "--save", before).Ok();
            string[] compare = ["matrix", "--before", before, "--expect", Path.Combine(Repository.Root, "lab", "cases.yaml"), "-o", "json"];
            Assert.Equal(6, guarded.Lab(compare).Code); // the control: no policy yet, so nothing of what is expected holds
            guarded.Guard();
            var said = guarded.Lab(compare);
            Assert.True(said.Code is 0 or 6, $"exit {said.Code}: {said.Error}"); // any other: nothing was compared
            var matrix = JsonDocument.Parse(said.Out).RootElement;
            var wrong = matrix.GetProperty("cells").EnumerateArray().Where(c => c.GetProperty("problem").ValueKind != JsonValueKind.Null)
                .GroupBy(c => $"{c.GetProperty("from")} {c.GetProperty("to")} {c.GetProperty("problem")}", c => $"{c.GetProperty("service")}/{c.GetProperty("family")}");
            Assert.True(said.Code == 0, string.Join('\n', wrong.Select(w => $"{w.Key}: {string.Join(' ', w)}")) + said.Error);
            // By hand from lab/policies, over two families: web-1 and web-2 20 ways each, db-1 19, intruder 18, plain-1 24.
            Assert.Equal(2 * 101, matrix.GetProperty("cells").EnumerateArray().Count(c => !c.GetProperty("after").GetBoolean()));
        }
        finally
        {
            File.Delete(before);
        }
        Assert.Equal((2, 2, 0), (guarded.Programs("web-1"), guarded.Programs("intruder"), guarded.Programs("plain-1")));
    }
}
