using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Policy, inventory and expected verdicts in one file; every engine must say the same.</summary>
public class DecideTests
{
    public static TheoryData<string> Files => CaseFolder.Files("decide");

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_case_gets_its_verdict_from_every_engine(string file)
    {
        var (set, inventory, rows) = DecideFile.Read(file);
        foreach (var (engine, judge) in Engines(set, inventory))
        {
            var wrong = CaseRunner.Run(rows, set, inventory, engine, judge).Where(o => !o.Ok)
                .Select(o => $"{engine}, line {o.Row.Position.Line}: {o.Problem} ({o.Flow.Reason}, out {o.Flow.OutRule}, in {o.Flow.InRule})");
            Assert.Empty(wrong);
        }
    }

    /// <summary>Rows that could not fail are no tests: each must fail when the opposite is expected.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Every_case_fails_when_another_verdict_is_expected(string file)
    {
        var (set, inventory, rows) = DecideFile.Read(file);
        var opposite = rows.Select(r => r with { Expect = r.Expect == Verdict.Allow ? Verdict.Deny : Verdict.Allow });
        Assert.DoesNotContain(CaseRunner.Run(opposite, set, inventory, "plain", CaseRunner.PlainEngine(set, inventory)), o => o.Ok);
    }

    private static IEnumerable<(string, Func<FlowQuestion, FlowVerdict>)> Engines(PolicySet set, VmInventory inventory) =>
        [("plain", CaseRunner.PlainEngine(set, inventory)), ("image", CaseRunner.ImageEngine(set, inventory))];
}
