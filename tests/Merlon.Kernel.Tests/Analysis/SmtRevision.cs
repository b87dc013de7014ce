using System.Text;
using Merlon.Policy.Analyze;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using static Merlon.Kernel.Tests.Analysis.SmtLine;

namespace Merlon.Kernel.Tests.Analysis;

/// <summary>A revision as SMT-LIB, read from model and inventory alone: nothing of the rooms that resolve, compile or analyse.</summary>
/// <param name="name">Goes before every defined name.</param>
public sealed class SmtRevision(string name, Revision revision, SmtLine line, long at)
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<(GroupDocument, string), string> _groups = [];

    /// <summary>BitVec 3, numbers of <see cref="Verdict"/>.</summary>
    public string Verdict => $"{name}-flow";

    public string Passes => $"(and (= {name}-out #b001) (= {name}-in #b001))";

    /// <summary>Both ends are owned by one vNIC.</summary>
    public string Self => Or(Nics.Select(n => And(Own("src", n), Own("dst", n))));

    /// <summary>No rule is asked at this end: it is not judged, or a built-in rule allows.</summary>
    public string Unasked(Direction direction) => Or(Not($"{name}-{Word(direction)}-judged"), line.Builtin(direction));

    public string Builtin(Direction direction) => And($"{name}-{Word(direction)}-judged", line.Builtin(direction));

    public string Owned(string end) => Or(Nics.Select(n => Own(end, n)));

    private IEnumerable<VmNic> Nics => revision.Vms.Nics.Where(n => n.Nic.Realm == line.Realm);

    public string Definitions()
    {
        foreach (var direction in new[] { Direction.Out, Direction.In })
        {
            var (end, word) = (direction == Direction.Out ? "src" : "dst", Word(direction));
            Define($"{word}-judged", "Bool", Or(Nics.Where(n => GuardOf(n) is { } g && (direction == Direction.Out ? g.Out : g.In)).Select(n => Own(end, n))));
            Define($"{word}-observed", "Bool", Or(Nics.Where(n => GuardOf(n) is { Observe: true }).Select(n => Own(end, n))));
            var active = Chain(direction, withObserved: false);
            var candidate = revision.Policy.Policies.Any(p => p.Document.Enforcement == Enforcement.Observe) ? Chain(direction, withObserved: true) : active;
            var asked = Not(Unasked(direction));
            Define($"{word}", "(_ BitVec 3)", $"(ite (and {asked} (not {name}-{word}-observed)) {active} #b001)");
            Define($"{word}-candidate", "(_ BitVec 3)", $"(ite {asked} {candidate} #b001)");
            Define($"{word}-verdict", "(_ BitVec 3)",
                $"(ite (= (= {name}-{word} #b001) (= {name}-{word}-candidate #b001)) {name}-{word} (ite (= {name}-{word} #b001) #b100 #b101))");
        }
        Define("flow", "(_ BitVec 3)",
            $"(ite (not (= {name}-out #b001)) {name}-out-verdict (ite (not (= {name}-in-verdict #b001)) {name}-in-verdict {name}-out-verdict))");
        return _text.ToString();
    }

    /// <summary>The end is one of those that a name of the analysis means.</summary>
    public string Is(string end, string text)
    {
        if (text == "outside") return Not(Owned(end));
        return Merlon.Policy.Cases.CaseEnd.Parse(text, default, out _) is { } reference ? Is(end, "platform", reference) : throw new FormatException(text);
    }

    private string Chain(Direction direction, bool withObserved)
    {
        var (end, other) = direction == Direction.Out ? ("src", "dst") : ("dst", "src");
        var chain = $"{Word(direction)}-{(withObserved ? "all" : "active")}";
        var next = Define($"{chain}-default", "(_ BitVec 3)", Nics.Select(n => n.Vm.Tenant).Distinct()
            .Aggregate("#b010", (rest, tenant) => $"(ite {OfTenant(end, tenant)} {Number(revision.Policy.Default(tenant, direction))} {rest})"));
        foreach (var tier in revision.Policy.Policies.Where(p => withObserved || p.Document.Enforcement == Enforcement.Enforce).GroupBy(p => p.Document.Tier).Reverse())
        {
            var (behind, step) = (next, 0);
            foreach (var (policy, rule) in tier.Reverse().SelectMany(p => p.Document.Rules.Reverse().Where(r => r.IsThere(at)).Select(r => (p.Document, r))))
            {
                var (own, remote) = direction == Direction.Out ? (rule.From, rule.To) : (rule.To, rule.From);
                var matches = And(policy.Tier == Tier.Tenant ? OfTenant(end, policy.Tenant) : "true",
                    Or(own.Select(r => Is(end, policy.Tenant, r))), Or(remote.Select(r => Is(other, policy.Tenant, r))),
                    Or(rule.Services.SelectMany(s => Matches(policy.Tenant, s)).Select(Service)),
                    rule.AppliesTo is { } only ? Or(Nics.Where(n => only.Any(r => Names(policy.Tenant, r, n))).Select(n => Own(end, n))) : "true");
                next = Define($"{chain}-{tier.Key}-{step++}", "(_ BitVec 3)", $"(ite {matches} {(rule.Action == RuleAction.Pass ? behind : Number(rule.Action))} {next})");
            }
        }
        return next;
    }

    private string OfTenant(string end, string tenant) => Or(Nics.Where(n => n.Vm.Tenant == tenant).Select(n => Own(end, n)));

    private string Own(string end, VmNic nic) => Or(nic.Nic.Addresses.Where(a => a.Family == line.Family).Select(a => line.In(end, Prefix.Of(a))));

    private string Is(string end, string tenant, Reference reference) => reference.Kind switch
    {
        ReferenceKind.Any => "true",
        ReferenceKind.Cidr => line.In(end, reference.Prefix),
        ReferenceKind.Group => Group(end, revision.Policy.Group(tenant, reference)!),
        _ => Or(Nics.Where(n => Named(tenant, reference, n)).Select(n => Own(end, n))),
    };

    private string Group(string end, GroupDocument group)
    {
        if (_groups.TryGetValue((group, end), out var known)) return known;
        var inside = Or([
            .. Nics.Where(n => group.Select?.Selects(group.Tenant, n) == true).Select(n => Own(end, n)),
            .. group.Cidrs.Select(c => line.In(end, c)),
            .. group.Groups.Select(g => Is(end, group.Tenant, g))]);
        return _groups[(group, end)] = And(inside, Not(Or(group.Except.Select(e => Is(end, group.Tenant, e)))));
    }

    private IEnumerable<ServiceMatch> Matches(string tenant, ServiceTerm term) => term.Name switch
    {
        null => [term.Match],
        "ping" => [new(1, 2048, 2048, 0, 65535), new(58, 32768, 32768, 0, 65535)],
        var service => revision.Policy.Service(tenant, service)!.Members.Select(m => m.Match),
    };

    private (bool Out, bool In, bool Observe)? GuardOf(VmNic nic)
    {
        if (revision.Policy.GuardsAll) return (true, true, false);
        var guard = revision.Policy.Guards.FirstOrDefault(g => g.Select.Any(r => Names(g.Tenant, r, nic)));
        return guard is null or { Exclude: true } ? null : (guard.Out, guard.In, guard.Mode == Enforcement.Observe);
    }

    /// <summary>A reference names a vNIC: by itself or with one of its addresses.</summary>
    private bool Names(string tenant, Reference reference, VmNic nic) =>
        Member(tenant, reference, nic, null) || nic.Nic.Addresses.Any(a => Member(tenant, reference, nic, a));

    private bool Member(string tenant, Reference reference, VmNic nic, Address? address)
    {
        if (reference.Kind == ReferenceKind.Any) return true;
        if (reference.Kind == ReferenceKind.Cidr) return address is { } a && reference.Prefix.Contains(a);
        if (reference.Kind == ReferenceKind.Network) return nic.Nic.Network == reference.Name;
        if (reference.Kind != ReferenceKind.Group) return Named(tenant, reference, nic);
        var group = revision.Policy.Group(tenant, reference)!;
        return (group.Select?.Selects(group.Tenant, nic) == true || (address is { } own && group.Cidrs.Any(c => c.Contains(own)))
            || group.Groups.Any(g => Member(group.Tenant, g, nic, address))) && !group.Except.Any(e => Member(group.Tenant, e, nic, address));
    }

    private static bool Named(string tenant, Reference reference, VmNic nic) =>
        (tenant == "platform" || nic.Vm.Tenant == tenant) && (nic.Vm.Name == reference.Name || nic.Vm.Uuid == reference.Name)
        && (reference.Kind != ReferenceKind.Nic || nic.Nic.Index == reference.Index);

    private string Define(string what, string type, string value)
    {
        _text.AppendLine($"(define-fun {name}-{what} () {type} {value})");
        return $"{name}-{what}";
    }

    private static string Number(RuleAction action) => action switch { RuleAction.Allow => "#b001", RuleAction.Deny => "#b010", _ => "#b011" };

    private static string Word(Direction direction) => direction == Direction.Out ? "out" : "in";
}
