using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>A revision as tables: every end is an <see cref="EndView"/>, and two of them and a service class have one answer.</summary>
internal sealed class CompiledRevision
{
    private readonly PreparedRevision _from;
    private readonly RemoteClasses _remotes;
    private readonly Ruleset?[] _rulesets;
    private readonly Func<int, Ruleset> _compile;
    private readonly RulesetDigests _digests;
    private readonly ImmutableArray<RuleRef> _names;
    private readonly ImmutableArray<string> _realms;
    private readonly Dictionary<NicKey, (int Endpoint, int Nic)> _places = [];
    private readonly NicRecords.Sides[] _sides;
    private readonly bool _untracked;

    public CompiledRevision(PreparedRevision prepared, ServiceSpace services)
    {
        (_from, _names, _realms) = (prepared, prepared.Rules.Names, prepared.Realms);
        var (policy, rules) = (prepared.Host, prepared.Rules);
        _remotes = new(policy, rules.UsedSets, _realms, new(_realms.Length));
        var rulesets = new RulesetTable(policy, rules, _remotes);
        var records = new NicRecords(policy, _remotes, rulesets);
        _untracked = policy.Nics.Any(n => !n.Guard.Untracked.IsNone);
        _sides = [.. policy.Nics.Select(records.Of)];
        var (ofSet, ofServices) = (rulesets.ClassesOfSet(), rules.ClassesOfServices(m => services.ClassesOf(rules.Matches[m])));
        _rulesets = new Ruleset?[rulesets.Count];
        _compile = i => rulesets.Compile(i, ofSet, ofServices, services.Count);
        _digests = new(policy, rules, rulesets);
        for (var i = 0; i < policy.Endpoints.Length; i++) _places.Add(policy.Endpoints[i].Key, (i, -1));
        for (var i = 0; i < policy.Nics.Length; i++) _places[policy.Endpoints[policy.Nics[i].Endpoint].Key] = (policy.Nics[i].Endpoint, i);
    }

    public PolicySet Policy => _from.Policy;

    public VmInventory Vms => _from.Vms;

    public VmNic? Owner(string realm, Address address) => Vms.Owner(realm, address);

    public EndView View(string realm, Address address)
    {
        if (!_realms.Contains(realm)) return new(-1, -1, 0, false);
        if (Owner(realm, address) is not { } nic || !_places.TryGetValue(nic.Key, out var place)) return new(-1, -1, _remotes.Outside(address), false);
        var remote = _remotes.Own(place.Endpoint, address);
        if (place.Nic < 0) return new(-1, -1, remote, false);
        var (sides, bound) = (_sides[place.Nic], _from.Host.Nics[place.Nic]);
        var guard = bound.Guard;
        var (output, input) = sides.Own.TryGetValue(address, out var own) ? (own.Out, own.In) : sides.Identity;
        var view = new EndView(guard.Out ? output : -1, guard.In ? input : -1, remote, guard.Mode == Enforcement.Observe);
        return _untracked ? view with { Untracked = guard.Untracked, Segment = _from.Segment(nic.Key, bound) } : view;
    }

    public RuleRef? Name(in Side side) => side.Rule switch
    {
        Side.None => null,
        Side.Default => RuleRef.Default,
        <= Side.Builtin => RuleRef.Builtin(Side.BuiltinNames[Side.Builtin - side.Rule]),
        var number => _names[number],
    };

    public Side Judge(int ruleset, bool observed, int remote, int service)
    {
        if (ruleset < 0) return Side.NotJudged;
        var table = Table(ruleset);
        var cell = table.Cells[table.RowOf[remote], table.ColumnOf[service]];
        var (active, candidate) = ((uint)cell, (uint)(cell >> 32));
        var (enforced, rule) = (VerdictOf(active), RuleOf(active));
        if (observed && enforced != Verdict.Allow) (enforced, rule) = (Verdict.Allow, Side.None);
        var side = new Side(enforced, VerdictOf(candidate), rule);
        return side.Verdict is Verdict.WouldDeny or Verdict.WouldAllow ? side with { Rule = RuleOf(candidate) } : side;
    }

    /// <summary>The row of a ruleset's table for a class of the other end; 0 where nobody judges.</summary>
    public int Row(int ruleset, int remote) => ruleset < 0 ? 0 : Table(ruleset).RowOf[remote];

    /// <summary>Equal in two revisions: the ruleset judges every address of the realm alike in both.</summary>
    public byte[] Digest(int ruleset, string realm) => _digests.Ruleset(ruleset, realm);

    /// <summary>The rules that decided so, each once.</summary>
    public ImmutableArray<RuleRef> Names(IEnumerable<Side> sides) => [.. sides.Distinct().Select(s => Name(s)).OfType<RuleRef>().Distinct().Order()];

    /// <summary>Tables are made when they are asked for: most of them are the same in both revisions.</summary>
    private Ruleset Table(int ruleset) => _rulesets[ruleset] ??= _compile(ruleset);

    private static int RuleOf(uint half) => (half & ImageLayout.CellRuleMask) is var rule && rule == ImageLayout.CellRuleDefault ? Side.Default : (int)rule;

    private static Verdict VerdictOf(uint half) => (Verdict)(half >> ImageLayout.CellVerdictShift & 15);
}
