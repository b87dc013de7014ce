using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Cases;

/// <summary>Runs cases through an engine: any function from one packet to its verdict. The kernel engine passes its own.</summary>
public static class CaseRunner
{
    /// <summary>Packets that one row may mean.</summary>
    public const int MaxPackets = 1_000_000;

    /// <summary>Expands every row to packets and compares, one when it is asked for; <paramref name="engine"/> is only a name for the result.</summary>
    public static IEnumerable<CaseOutcome> Run(
        IEnumerable<CaseRow> rows, PolicySet policy, VmInventory inventory, string engine, Func<FlowQuestion, FlowVerdict> judge)
    {
        var expansion = new CaseExpansion(policy, inventory);
        return rows.Select((row, index) => Run(expansion, row, index, engine, judge));
    }

    /// <summary>Every packet a row means, always in the same order.</summary>
    public static IEnumerable<FlowQuestion> Expand(CaseRow row, PolicySet policy, VmInventory inventory) =>
        new CaseExpansion(policy, inventory).Expand(row, out _);

    /// <summary>The plain evaluator as an engine.</summary>
    public static Func<FlowQuestion, FlowVerdict> PlainEngine(PolicySet policy, VmInventory inventory) =>
        question => PlainEvaluator.Evaluate(policy, inventory, question).Flow;

    /// <summary>The compiled image of every host as an engine; throws <see cref="InvalidOperationException"/> over a limit.</summary>
    public static Func<FlowQuestion, FlowVerdict> ImageEngine(PolicySet policy, VmInventory inventory) =>
        new ImageEngine(inventory, new WeeklyPolicies(policy, inventory).Of).Judge;

    private static CaseOutcome Run(CaseExpansion expansion, CaseRow row, int index, string engine, Func<FlowQuestion, FlowVerdict> judge)
    {
        (FlowQuestion Packet, FlowVerdict Flow)? first = null;
        var count = 0;
        foreach (var packet in expansion.Expand(row, out var problem))
        {
            if (++count > MaxPackets) return Refused(index, row, engine, $"means more than {MaxPackets} packets: name its ends more narrowly");
            var flow = judge(packet);
            first ??= (packet, flow);
            if (Difference(row, flow) is { } difference)
                return new(index, row, engine, flow, count, packet, false, $"{packet.From} to {packet.To}: {difference}");
        }
        return first is var (shown, verdict) ? new(index, row, engine, verdict, count, shown, true) : Refused(index, row, engine, Reason(expansion, row));
    }

    private static string Reason(CaseExpansion expansion, CaseRow row)
    {
        expansion.Expand(row, out var problem);
        return problem ?? "means no packet";
    }

    private static CaseOutcome Refused(int index, CaseRow row, string engine, string problem) =>
        new(index, row, engine, new(Verdict.None, "no-traffic", null, null), 0, null, false, problem);

    /// <summary>What is not as the row says; null = all is.</summary>
    internal static string? Difference(CaseRow row, FlowVerdict flow)
    {
        if (flow.Verdict != row.Expect) return $"expected {Words.Of(Words.Verdicts, row.Expect)}, got {Words.Of(Words.Verdicts, flow.Verdict)} ({flow.Reason})";
        if (row.Reason is { } reason && reason != flow.Reason) return $"expected reason {reason}, got {flow.Reason}";
        return row.Rule is { } rule && !Names(rule, flow.OutRule) && !Names(rule, flow.InRule) ? $"rule {rule} did not decide" : null;
    }

    private static bool Names(string wanted, RuleRef? rule) =>
        rule?.ToString() is { } text && (text == wanted || (!wanted.Contains('@') && text.StartsWith(wanted + "@", StringComparison.Ordinal)));
}
