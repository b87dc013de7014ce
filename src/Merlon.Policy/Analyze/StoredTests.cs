using Merlon.Policy.Cases;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>The PolicyTests that are kept beside a policy, asked before a change of it is committed. Those of the tenants that change are
/// asked, the platform's, and everybody's when the platform changes: no tenant's test keeps another tenant from its own rules.</summary>
public static class StoredTests
{
    /// <summary>Packets that the tests of one change may mean in all.</summary>
    public const int MaxPackets = 1_000_000;

    /// <summary>Cases that do not hold afterwards: errors, and warnings for those that did not hold before either. Judged by the images.</summary>
    /// <param name="after">Within the limits of the image.</param>
    /// <param name="tenants">Tenants of which a document changes.</param>
    public static IReadOnlyList<Diagnostic> Broken(Revision before, Revision after, IReadOnlySet<string> tenants)
    {
        List<CaseRow> rows = [.. after.Policy.Tests.Where(d => tenants.Contains(Document.Platform) || d.Tenant == Document.Platform || tenants.Contains(d.Tenant)).SelectMany(d => d.Cases)];
        if (rows.Count == 0) return [];
        List<CaseOutcome> broken = [];
        var packets = 0L;
        try
        {
            foreach (var outcome in Run(rows, after))
            {
                if ((packets += outcome.Packets) > MaxPackets) return [Limit(outcome.Row, $"the tests of this change mean more than {MaxPackets} packets", "name their ends more narrowly")];
                if (!outcome.Ok) broken.Add(outcome);
            }
        }
        catch (InvalidOperationException e)
        {
            return [Limit(rows[0], $"cannot be tested: {e.Message}", "see Limits in docs/policy-language.md")];
        }
        var stood = FailedBefore(before, broken.Select(o => o.Row));
        return [.. broken.Select(o => Failed(o, stood.Contains(o.Row)))];
    }

    private static HashSet<CaseRow> FailedBefore(Revision before, IEnumerable<CaseRow> rows)
    {
        var known = before.Policy.Tests.SelectMany(d => d.Cases).Select(Unplaced).ToHashSet();
        try
        {
            return [.. Run(rows.Where(r => known.Contains(Unplaced(r))), before).Where(o => !o.Ok).Select(o => o.Row)];
        }
        catch (InvalidOperationException)
        {
            // Its VMs took it over a limit: nobody can say what it said.
            return [];
        }
    }

    private static IEnumerable<CaseOutcome> Run(IEnumerable<CaseRow> rows, Revision revision) =>
        CaseRunner.Run(rows, revision.Policy, revision.Vms, "image", CaseRunner.ImageEngine(revision.Policy, revision.Vms));

    private static CaseRow Unplaced(CaseRow row) => row with { Position = new("", 0, 0) };

    private static Diagnostic Limit(CaseRow row, string message, string hint) =>
        new(Severity.Error, "limit", message, row.Position.File, row.Position.Line, row.Position.Column, hint);

    private static Diagnostic Failed(CaseOutcome outcome, bool failedBefore)
    {
        var (row, flow, at) = (outcome.Row, outcome.Flow, outcome.Row.Position);
        var what = outcome.Packet is null ? outcome.Problem ?? "it means no packet" : $"it gets {Words.Of(Words.Verdicts, flow.Verdict)} ({flow.Reason})";
        return new(failedBefore ? Severity.Warning : Severity.Error, "test-failed",
            $"test {row.From} -> {row.To} {row.Service} expects {Words.Of(Words.Verdicts, row.Expect)}, but {what}{(failedBefore ? ", as before this change" : "")}",
            at.File, at.Line, at.Column, outcome.Packet is { } packet ? $"for example {packet}" : null);
    }
}
