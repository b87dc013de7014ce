using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;

namespace Merlon.Cli.Offline;

/// <summary>Differences in traffic, as tables and exit codes.</summary>
internal static class Changes
{
    private const int MostNames = 4;

    public static IReadOnlyList<TrafficChangeRecord> Between(Revision before, Revision after)
    {
        var diff = SemanticDiff.Of(before, after, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return diff.Error is null ? ChangeRecords.Of(diff.Changes, before, after)
            : throw new CliException(diff.Error, "compare fewer VMs or rules at a time; see Limits in docs/policy-language.md");
    }

    /// <summary>0 = no difference, 2 = some.</summary>
    public static int Show(Call call, IReadOnlyList<TrafficChangeRecord> changes)
    {
        call.Print(changes, ApiJson.Default.IReadOnlyListTrafficChangeRecord, c => Table(call, c));
        call.Say(Summary(changes));
        if (changes.Any(c => c.After.Untracked)) call.Say(Untracked);
        return changes.Count == 0 ? ExitCode.Ok : ExitCode.Differences;
    }

    public const string Untracked = "untracked: no connection is kept of it, so its answering end may send anything from the service's port but a packet that opens";

    public static string Summary(IReadOnlyList<TrafficChangeRecord> changes) => changes.Count == 0 ? "no traffic changes its answer"
        : $"{changes.Count(c => c.Change == "opened")} opened, {changes.Count(c => c.Change == "closed")} closed, {changes.Count(c => c.Change == "changed")} answered otherwise";

    public static void Table(Call call, IReadOnlyList<TrafficChangeRecord> changes)
    {
        if (changes.Count == 0) return;
        var t = new Listing("CHANGE", "FROM", "TO", "SERVICE", "BEFORE", "AFTER", "FOR EXAMPLE");
        foreach (var c in changes)
            t.Add(c.Change, Text(c.From) + Families(c), Text(c.To), Text(c.Services), Text(c.Before), Text(c.After), Text(c.Witness));
        t.WriteTo(call);
    }

    public static string Text(NamesRecord names) => Some(names.Names) + (names.Except.Count == 0 ? "" : $" except {Some(names.Except)}");

    /// <summary>What is told of both families needs no word.</summary>
    private static string Families(TrafficChangeRecord change) => change.Families.Count > 1 ? "" : $" ({change.Families[0]})";

    private static string Text(DecisionRecord decision) =>
        decision.Verdict + (decision.Untracked ? " untracked" : "") + (decision.Rules.Count == 0 ? "" : $" ({Some([.. decision.Rules.Select(r => r.Rule)])})");

    private static string Text(WitnessRecord w) => $"{w.FromVm ?? w.From} -> {w.ToVm ?? w.To} {w.Service}, {w.Where}";

    public static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostNames)) + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : "");
}
