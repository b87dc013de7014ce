using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Cases;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Case rows, in a PolicyTest or in a file of their own.</summary>
internal sealed class CasesReader(Findings findings)
{
    private readonly TermReader _terms = new(findings);

    public PolicyTestDocument? Read(DocumentHead head, YamlNode node) =>
        Fields.Open(node, "a PolicyTest's spec", findings, "cases") is not { } spec ? null
            : new(head.Tenant, head.Name, head.Annotations, head.At, [.. Rows(spec.List("cases", required: true)).Select(r => r with { Tenant = head.Tenant })]);

    public ImmutableArray<CaseRow> Rows(ImmutableArray<YamlNode> nodes) => [.. nodes.Select(Row).OfType<CaseRow>()];

    private CaseRow? Row(YamlNode node)
    {
        if (Fields.Open(node, "a case", findings, "from", "to", "service", "sourcePort", "at", "expect", "rule", "reason") is not { } f) return null;
        var (from, to) = (End(f, "from"), End(f, "to"));
        var service = _terms.Service(f, "service") is null ? null : f.Text("service");
        var expect = f.Choice("expect", Verdict.None, true, Words.Verdicts);
        int? sourcePort = f.Has("sourcePort") ? f.Number("sourcePort", 0, 0, 65535) : null;
        var at = Instant(f);
        return from is null || to is null || service is null ? null
            : new(from, to, service, expect, sourcePort, at, f.Text("rule"), f.Text("reason"), f.At);
    }

    private string? End(Fields f, string name)
    {
        if (f.Text(name, required: true) is not { } text) return null;
        var end = CaseEnd.Parse(text, f.Place(name), out var problem);
        _terms.Report(problem, f.Place(name));
        return end is null ? null : text;
    }

    /// <summary>Schedules are laid out for weeks behind an instant.</summary>
    private static readonly long Latest = new DateTimeOffset(9000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();

    private long? Instant(Fields f)
    {
        if (f.Text("at") is not { } text) return null;
        Problem? problem = null;
        var instant = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : TimeText.Parse(text, out problem);
        if (instant > Latest) problem = new("bad-time", $"'{text}' is too late", "expected an instant before 9000-01-01");
        _terms.Report(problem, f.Place("at"));
        return problem is null ? instant : null;
    }
}
