using Merlon.Policy.Cases;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>The PolicyTests that are kept beside a policy, asked before a change of it is committed. Those of the tenants that change are
/// asked, the platform's, and everybody's when the platform changes: no tenant's test keeps another tenant from its own rules.</summary>
public static class StoredTests
{
    /// <summary>Of one tenant's tests.</summary>
    public const int MaxPackets = 100_000, MaxInstants = 16;

    /// <summary>Errors: cases that do not hold afterwards, of which the packet that fails held before or the case is new. Warnings: cases that failed
    /// before as well. A tenant's tests beyond the bounds are an error of its own change, and a warning of another's. Judged by the images.</summary>
    /// <param name="tenants">Tenants of which a document changes.</param>
    /// <param name="at">Unix seconds: cases without an instant are asked as of now.</param>
    public static IReadOnlyList<Diagnostic> Broken(Revision before, Revision after, IReadOnlySet<string> tenants, long at)
    {
        var asked = after.Policy.Tests.Where(d => tenants.Contains(Document.Platform) || d.Tenant == Document.Platform || tenants.Contains(d.Tenant))
            .GroupBy(d => d.Tenant, StringComparer.Ordinal).ToArray();
        if (asked.Length == 0) return [];
        var known = before.Policy.Tests.SelectMany(d => d.Cases).Select(Unplaced).ToHashSet();
        var now = new Instant(before, after);
        var findings = new List<Diagnostic>();
        foreach (var tenant in asked)
        {
            CaseRow[] rows = [.. tenant.SelectMany(d => d.Cases)];
            var beyond = tenants.Contains(tenant.Key) ? Severity.Error : Severity.Warning;
            var instants = rows.GroupBy(r => r.At ?? at).OrderBy(g => g.Key).ToArray();
            if (instants.Length > MaxInstants)
            {
                findings.Add(Limit(beyond, rows[0], $"the tests of tenant '{tenant.Key}' name more than {MaxInstants} instants", "name fewer"));
                continue;
            }
            var left = MaxPackets;
            foreach (var group in instants)
            {
                var instant = group.Key == at ? now : new(before, after);
                foreach (var row in group)
                {
                    if (instant.Judge(row with { At = group.Key }, known.Contains(Unplaced(row)), ref left) is { } finding) findings.Add(finding);
                    if (left > 0) continue;
                    findings.Add(Limit(beyond, row, $"the tests of tenant '{tenant.Key}' mean more than {MaxPackets} packets", "name their ends more narrowly"));
                    break;
                }
                if (left <= 0) break;
            }
        }
        return findings;
    }

    private static CaseRow Unplaced(CaseRow row) => row with { Position = new("", 0, 0) };

    private static Diagnostic Limit(Severity severity, CaseRow row, string message, string hint) =>
        new(severity, "limit", message, row.Position.File, row.Position.Line, row.Position.Column, hint);

    /// <summary>Both revisions at one instant.</summary>
    private sealed class Instant(Revision before, Revision after)
    {
        private readonly CaseExpansion _before = new(before.Policy, before.Vms), _after = new(after.Policy, after.Vms);
        private readonly Func<Explain.FlowQuestion, FlowVerdict> _was = CaseRunner.ImageEngine(before.Policy, before.Vms), _willBe = CaseRunner.ImageEngine(after.Policy, after.Vms);

        public Diagnostic? Judge(CaseRow row, bool known, ref int left)
        {
            Diagnostic? failed = null;
            var any = false;
            foreach (var packet in _after.Expand(row, out var problem))
            {
                any = true;
                if (--left <= 0) return failed;
                if (Say(_willBe, packet) is not { } flow) return Limit(Severity.Warning, row, $"test {row.From} -> {row.To} {row.Service} cannot be asked at its instant: that policy is over a limit", "see Limits in docs/policy-language.md");
                if (CaseRunner.Difference(row, flow) is not { } difference) continue;
                var stood = known && (Say(_was, packet) is not { } old || CaseRunner.Difference(row, old) is not null);
                failed ??= Failed(row, stood, difference, $"for example {packet}");
                if (!stood) return Failed(row, stood, difference, $"for example {packet}");
            }
            if (any) return failed;
            _after.Expand(row, out var none);
            return Failed(row, known && !_before.Expand(row, out _).Any(), none ?? "means no packet", null);
        }

        private static FlowVerdict? Say(Func<Explain.FlowQuestion, FlowVerdict> judge, Explain.FlowQuestion packet)
        {
            try
            {
                return judge(packet);
            }
            catch (InvalidOperationException)
            {
                // Over a limit at that instant.
                return null;
            }
        }

        private static Diagnostic Failed(CaseRow row, bool stood, string difference, string? hint) => new(stood ? Severity.Warning : Severity.Error, "test-failed",
            $"test {row.From} -> {row.To} {row.Service}: {difference}{(stood ? ", as before this change" : "")}", row.Position.File, row.Position.Line, row.Position.Column, hint);
    }
}
