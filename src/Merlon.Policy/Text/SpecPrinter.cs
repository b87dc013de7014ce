using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>The spec of each kind, line by line; what has its default value is left out.</summary>
internal static class SpecPrinter
{
    public static IEnumerable<string> Print(Document document) => document switch
    {
        GroupDocument g => [$"spec: {Group(g)}"],
        ServiceDocument s => [$"spec: {{members: [{string.Join(", ", s.Members.Select(Member))}]}}"],
        PolicyDocument p => Policy(p),
        PolicyTestDocument t => ["spec:", .. Items("cases", t.Cases.Select(Case))],
        GuardDocument g => [$"spec: {GuardSpec(g)}"],
        TenantDocument t => [$"spec: {{default: {{out: {Words.Of(Words.Defaults, t.DefaultOut)}, in: {Words.Of(Words.Defaults, t.DefaultIn)}}}}}"],
        InventoryDocument i => ["spec:", .. Items("vms", i.Vms.Select(Vm))],
        _ => throw new ArgumentOutOfRangeException(nameof(document)),
    };

    private static IEnumerable<string> Items(string name, IEnumerable<string> items)
    {
        var lines = items.Select(i => "  - " + i).ToArray();
        return lines.Length == 0 ? [$"  {name}: []"] : [$"  {name}:", .. lines];
    }

    private static string Group(GroupDocument g) => FlowText.Map(
        ("select", g.Select is null ? null : Selector(g.Select)),
        ("cidrs", Prefixes(g.Cidrs)),
        ("groups", g.Groups.IsEmpty ? null : FlowText.List(g.Groups.Select(r => r.ToString()["group/".Length..]))),
        ("except", g.Except.IsEmpty ? null : References(g.Except)),
        ("sharedWith", g.SharedWith.IsEmpty ? null : FlowText.List(g.SharedWith)));

    private static string? Prefixes(ImmutableArray<Prefix> prefixes) => prefixes.IsEmpty ? null : FlowText.List(prefixes.Select(p => p.ToString()));

    private static string Selector(Selector s) => FlowText.Map(
        ("labels", s.Labels.IsEmpty ? null : FlowText.Texts(s.Labels)),
        ("match", s.Match.IsEmpty ? null : $"[{string.Join(", ", s.Match.Select(Match))}]"),
        ("name", s.Name is null ? null : FlowText.Scalar(s.Name)),
        ("network", s.Network is null ? null : FlowText.Scalar(s.Network)));

    private static string Match(LabelMatch m) => FlowText.Map(
        ("key", FlowText.Scalar(m.Key)),
        ("in", m.In is { } i ? FlowText.List(i) : null),
        ("notIn", m.NotIn is { } n ? FlowText.List(n) : null),
        ("exists", m.Exists is { } e ? Flag(e) : null));

    private static string Member(ServiceTerm t) => t.Match is { SourceLow: 0, SourceHigh: 65535 } ? Service(t)
        : FlowText.Map(("service", Service(t)), ("sourcePort", ServiceText.Range(t.Match.SourceLow, t.Match.SourceHigh)));

    private static string Service(ServiceTerm t) => t.Name is null ? ServiceText.Format(t.Match) : "service/" + t.Name;

    private static IEnumerable<string> Policy(PolicyDocument p) =>
    [
        "spec:",
        $"  tier: {p.Tier.ToString().ToLowerInvariant()}",
        .. p.Priority == 1000 ? Array.Empty<string>() : [Invariant($"  priority: {p.Priority}")],
        .. p.Enforcement == Enforcement.Enforce ? Array.Empty<string>() : ["  enforcement: observe"],
        .. p.Protected ? ["  protected: true"] : Array.Empty<string>(),
        .. Items("rules", p.Rules.Select(Rule)),
    ];

    private static string Rule(PolicyRule r) => FlowText.Map(
        ("name", FlowText.Scalar(r.Name)),
        ("from", References(r.From)),
        ("to", References(r.To)),
        ("appliesTo", r.AppliesTo is { } a ? References(a) : null),
        ("services", FlowText.List(r.Services.Select(Service))),
        ("action", Words.Of(Words.Actions, r.Action)),
        ("log", r.Log ? "true" : null),
        ("expiresAt", r.ExpiresAt is { } t ? TimeText.Format(t) : null),
        ("schedule", r.Schedule is not { } s ? null : FlowText.Map(
            ("zone", FlowText.Scalar(s.Zone)), ("times", FlowText.List(s.Times.Select(ScheduleText.Format))))));

    private static string Case(CaseRow c) => FlowText.Map(
        ("from", FlowText.Scalar(c.From)),
        ("to", FlowText.Scalar(c.To)),
        ("service", FlowText.Scalar(c.Service)),
        ("sourcePort", c.SourcePort is { } p ? Invariant($"{p}") : null),
        ("at", c.At is { } t ? TimeText.Format(t) : null),
        ("expect", Words.Of(Words.Verdicts, c.Expect)),
        ("rule", c.Rule is null ? null : FlowText.Scalar(c.Rule)),
        ("reason", c.Reason is null ? null : FlowText.Scalar(c.Reason)));

    private static string GuardSpec(GuardDocument g) => FlowText.Map(
        ("priority", g.Priority == 1000 ? null : Invariant($"{g.Priority}")),
        ("action", g.Exclude ? "exclude" : "guard"),
        ("select", References(g.Select)),
        ("directions", g is { Out: true, In: true } ? null : g.Out ? "[out]" : "[in]"),
        ("mode", g.Mode == Enforcement.Enforce ? null : "observe"),
        ("onFailure", g.OnFailure == OnFailure.Closed ? null : "open"),
        ("log", g.Log == LogLevel.All ? null : Words.Of(Words.LogLevels, g.Log)),
        ("antiSpoof", AntiSpoof(g)),
        ("budgets", g is { MaxConnections: 0, MaxHalfOpen: 0 } ? null : FlowText.Map(
            ("connections", g.MaxConnections == 0 ? null : Invariant($"{g.MaxConnections}")),
            ("halfOpen", g.MaxHalfOpen == 0 ? null : Invariant($"{g.MaxHalfOpen}")))),
        ("rates", g.Rates == Rates.None ? null : FlowText.Map(
            ("connections", Rate(g.Rates.Connections)), ("icmp", Rate(g.Rates.Icmp)), ("neighbours", Rate(g.Rates.Neighbours)))),
        ("vlans", g.Frames.Vlans.IsEmpty ? null : $"[{string.Join(", ", g.Frames.Vlans)}]"),
        ("etherTypes", g.Frames.EtherTypes.IsEmpty ? null : $"[{string.Join(", ", g.Frames.EtherTypes.Select(t => Invariant($"0x{t:x4}")))}]"),
        ("shortCut", g.ShortCut ? null : "false"),
        ("untracked", g.Untracked.IsNone ? null : FlowText.Map(
            ("serves", g.Untracked.Serves.IsEmpty ? null : FlowText.List(g.Untracked.Serves.Select(Service))),
            ("asks", g.Untracked.Asks.IsEmpty ? null : FlowText.List(g.Untracked.Asks.Select(Service))))),
        ("learn", g.Learn.By == LearnBy.None ? null : FlowText.Map(
            ("by", FlowText.List(Words.LearnBy.Where(w => g.Learn.By.HasFlag(w.Value)).Select(w => w.Word))),
            ("within", Prefixes(g.Learn.Within)), ("except", Prefixes(g.Learn.Except) ?? (g.Learn.By.HasFlag(LearnBy.Arp) ? "[]" : null)))),
        ("carryConnections", g.CarryConnections ? "true" : null),
        ("adopt", g.Adopt == 0 ? null : Invariant($"{g.Adopt}s")),
        ("trustMetadata", g.TrustMetadata ? "true" : null));

    private static string? Rate(int rate) => rate == 0 ? null : Invariant($"{rate}");

    private static string? AntiSpoof(GuardDocument g)
    {
        var (a, unsaid) = (g.AntiSpoof, Model.AntiSpoof.Of(g.Mode));
        string? Check(SpoofCheck c) => c == unsaid.Mac ? null : Words.Of(Words.SpoofChecks, c);
        return a == unsaid ? null : FlowText.Map(
            ("mac", Check(a.Mac)), ("ipv4", Check(a.Ipv4)), ("ipv6", Check(a.Ipv6)), ("arp", Check(a.Arp)),
            ("nd", Check(a.Nd)), ("dhcpServer", Check(a.DhcpServer)), ("ra", Check(a.Ra)),
            ("addresses", Prefixes(a.Licence.Addresses)), ("macs", a.Licence.Macs.IsEmpty ? null : FlowText.List(a.Licence.Macs.Select(m => FlowText.Scalar(m.ToString())))));
    }

    private static string Vm(InventoryVm v) => FlowText.Map(
        ("name", FlowText.Scalar(v.Name)),
        ("uuid", v.Uuid.Length == 0 ? null : v.Uuid),
        ("host", v.Host.Length == 0 ? null : FlowText.Scalar(v.Host)),
        ("tenant", FlowText.Scalar(v.Tenant)),
        ("labels", v.Labels.IsEmpty ? null : FlowText.Texts(v.Labels)),
        ("nics", $"[{string.Join(", ", v.Nics.Select(Nic))}]"));

    private static string Nic(InventoryNic n) => FlowText.Map(
        ("mac", n.Mac.ToString()),
        ("network", FlowText.Scalar(n.Network)),
        ("realm", n.Realm == InventoryNic.DefaultRealm ? null : FlowText.Scalar(n.Realm)),
        ("addresses", n.Addresses.IsEmpty ? null : FlowText.List(n.Addresses.Select(a => a.ToString()))));

    private static string References(ImmutableArray<Reference> references) => FlowText.List(references.Select(r => r.ToString()));

    private static string Flag(bool value) => value ? "true" : "false";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
