using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

internal sealed class GuardReader(Findings findings, TermReader terms)
{
    public GuardDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "a Guard's spec", findings, "priority", "action", "select", "directions", "mode", "onFailure", "log", "antiSpoof", "budgets", "rates", "vlans", "etherTypes", "shortCut", "carryConnections", "untracked", "learn", "adopt", "trustMetadata") is not { } spec)
            return null;
        var (output, input) = Directions(spec);
        var mode = spec.Choice("mode", Enforcement.Enforce, false, Words.Enforcements);
        var (connections, halfOpen) = Budgets(spec);
        return new(head.Tenant, head.Name, head.Annotations, head.At,
            spec.Number("priority", 1000, 0, 65535),
            spec.Choice("action", false, true, ("guard", false), ("exclude", true)),
            terms.References(spec, "select", required: true, inGuard: true),
            output, input,
            mode,
            spec.Choice("onFailure", OnFailure.Closed, false, ("closed", OnFailure.Closed), ("open", OnFailure.Open)),
            spec.Choice("log", LogLevel.All, false, Words.LogLevels),
            new SpoofReader(findings, terms).Read(spec, AntiSpoof.Of(mode)), connections, halfOpen, RatesOf(spec), new FramesReader(findings).Read(spec), spec.Flag("trustMetadata"), spec.Flag("shortCut", fallback: true), spec.Flag("carryConnections"))
        {
            Untracked = Untracked(spec, output, input),
            Learn = Learn(spec),
            Adopt = Adopt(spec),
        };
    }

    private (bool Out, bool In) Directions(Fields spec)
    {
        if (!spec.Has("directions")) return (true, true);
        var words = spec.List("directions").Select(n => spec.TextOf(n, "an entry of 'directions'")).OfType<string>().ToImmutableArray();
        if (words.IsEmpty || words.Any(w => w is not ("out" or "in")))
            findings.Error("bad-value", spec.Place("directions"), "'directions' must list out, in or both", "action: exclude guards neither");
        return (words.Contains("out"), words.Contains("in"));
    }

    // 60s or 1m: 0 stands for a Guard that does not say it.
    private int Adopt(Fields spec)
    {
        if (spec.Text("adopt") is not { } text) return 0;
        var unit = text.Length < 2 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, _ => 0 };
        if (unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and <= GuardDocument.LongestAdopt && n * unit <= GuardDocument.LongestAdopt)
            return n * unit;
        findings.Error("bad-value", spec.Place("adopt"), $"'{text}' is no span of time from 1s to 10m", "60s");
        return 0;
    }

    private UntrackedServices Untracked(Fields spec, bool output, bool input)
    {
        if (spec.Get("untracked") is not { } node) return UntrackedServices.None;
        if (Fields.Open(node, "untracked", findings, "serves", "asks") is not { } f) return UntrackedServices.None;
        var (serves, asks) = (terms.UntrackedServices(f, "serves"), terms.UntrackedServices(f, "asks"));
        // What makes no connection is judged packet by packet, in the direction that it was opened in.
        if (!input && !serves.IsEmpty) findings.Error("bad-value", f.Place("serves"), "'serves' needs the direction in: nobody would judge these packets");
        if (!output && !asks.IsEmpty) findings.Error("bad-value", f.Place("asks"), "'asks' needs the direction out: nobody would judge these packets");
        return new(serves, asks);
    }

    private Learning Learn(Fields spec)
    {
        if (spec.Get("learn") is not { } node) return Learning.None;
        if (Fields.Open(node, "learn", findings, "by", "within", "except") is not { } f) return Learning.None;
        var by = LearnBy.None;
        foreach (var word in f.List("by", required: true))
            if (f.TextOf(word, "an entry of 'by'") is { } text) by |= By(text, word.At);
        if (f.List("by").IsEmpty && f.Get("by") is YamlList) findings.Error("empty-list", f.Place("by"), "'by' names nothing", "leave 'learn' out");
        ImmutableArray<Prefix> Prefixes(string name) => [.. terms.Prefixes(f, name).Distinct().Order()];
        var (within, except) = (Prefixes("within"), Prefixes("except"));
        // Whoever is believed at its first word could take the router's address.
        if (by.HasFlag(LearnBy.Arp) && f.List("within").IsEmpty)
            findings.Error("missing-field", f.At, "learning by arp needs 'within': a VM gets any address that it uses and nobody has", "name its networks");
        if (by.HasFlag(LearnBy.Arp) && !f.Has("except"))
            findings.Error("missing-field", f.At, "learning by arp needs 'except': a VM that speaks first for its router's address gets it", "name the routers of 'within', or [] where they are all somebody's declared address");
        return new(by, within, except);
    }

    private LearnBy By(string text, Position at)
    {
        foreach (var (word, value) in Words.LearnBy)
            if (word == text) return value;
        findings.Error("bad-value", at, $"'{text}' in 'by' of learn is not one of dhcp, arp", text == "nd" ? "arp means neighbour discovery too" : null);
        return LearnBy.None;
    }

    private Rates RatesOf(Fields spec)
    {
        if (spec.Get("rates") is not { } node) return Rates.None;
        if (Fields.Open(node, "rates", findings, "connections", "icmp", "neighbours") is not { } f) return Rates.None;
        int Rate(string name) => f.Number(name, 0, 1, Rates.Most);
        return new(Rate("connections"), Rate("icmp"), Rate("neighbours"));
    }

    private (int Connections, int HalfOpen) Budgets(Fields spec)
    {
        if (spec.Get("budgets") is not { } node) return (0, 0);
        if (Fields.Open(node, "budgets", findings, "connections", "halfOpen") is not { } f) return (0, 0);
        return (f.Number("connections", 0, 1, 16_000_000), f.Number("halfOpen", 0, 1, 16_000_000));
    }
}
