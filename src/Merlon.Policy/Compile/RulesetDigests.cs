using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Everything that judges a vNIC, in names and addresses, as one digest. No number of this image is in it, and no member of
/// another realm, so it changes only when a verdict for this vNIC may. Revisions are names of history and not in it either.
/// A digest of digests of digests: a rule that stands in a hundred rulesets is written once.</summary>
internal sealed class RulesetDigests(HostPolicy policy, RuleTable rules, RulesetTable rulesets)
{
    /// <summary>Rules that one digest is made of: of a ruleset of tens of thousands few are made anew when a member comes or goes.</summary>
    private const int PageRules = 256;

    private HostPolicy _policy = policy;
    private readonly Dictionary<(int Set, string Realm), byte[]> _sets = [];
    private readonly Dictionary<(int Ruleset, string Realm), byte[]> _rulesets = [];
    private readonly Dictionary<string, byte[]?[]> _rules = [];
    private readonly Dictionary<int, byte[]> _services = [];
    private readonly Dictionary<(int Ruleset, string Realm), byte[]?[]> _pages = [];
    private readonly DigestWriter _parts = new();
    private readonly DigestWriter _page = new();
    private readonly DigestWriter _whole = new();

    /// <summary>Lower-case hex.</summary>
    public string Of(PolicyNic nic, NicRecords.Sides sides)
    {
        var realm = _policy.Endpoints[nic.Endpoint].Realm;
        byte[] output = Ruleset(sides.Identity.Out, realm), input = Ruleset(sides.Identity.In, realm);
        var own = sides.Own.Select(o => (o.Key, Out: Ruleset(o.Value.Out, realm), In: Ruleset(o.Value.In, realm))).ToArray();
        _whole.Add((nic.Guard.Out ? 1 : 0) | (nic.Guard.In ? 2 : 0)).Add((int)nic.Guard.Mode).Add(output).Add(input);
        foreach (var (address, outOfIt, intoIt) in own) _whole.Add(address).Add(outOfIt).Add(intoIt);
        if (!nic.Guard.Untracked.IsNone)
            foreach (var ports in new[] { nic.Guard.Untracked.Serves, nic.Guard.Untracked.Asks })
            {
                _whole.Add(ports.Length);
                foreach (var range in ports) _whole.Add(range.Low).Add(range.High);
            }
        return Convert.ToHexStringLower(_whole.Finish());
    }

    /// <summary>Of one ruleset, as it judges in the realm.</summary>
    public byte[] Ruleset(int ruleset, string realm)
    {
        if (_rulesets.TryGetValue((ruleset, realm), out var known)) return known;
        if (!_rules.TryGetValue(realm, out var ofRule)) _rules.Add(realm, ofRule = new byte[]?[rules.Count]);
        var content = rulesets.Content(ruleset);
        if (!_pages.TryGetValue((ruleset, realm), out var pages)) _pages.Add((ruleset, realm), pages = new byte[]?[(content.Length - 2 + PageRules - 1) / PageRules]);
        _whole.Add(content[^2]);
        for (var i = 0; i < pages.Length; i++) _whole.Add(pages[i] ??= Page(content.AsSpan(0, content.Length - 2)[(i * PageRules)..], ofRule, realm));
        return _rulesets[(ruleset, realm)] = _whole.Finish();
    }

    /// <summary>Goes over to a policy that differs in the members of these sets alone.</summary>
    public void Follow(HostPolicy policy, IReadOnlyCollection<int> sets)
    {
        _policy = policy;
        foreach (var (realm, ofRule) in _rules)
        {
            var changed = sets.Where(set => Changed(set, realm)).ToList();
            if (changed.Count == 0) continue;
            var stale = new bool[ofRule.Length];
            foreach (var rule in changed.SelectMany(rules.Naming)) (stale[rule], ofRule[rule]) = (true, null);
            foreach (var ((ruleset, of), pages) in _pages)
                if (of == realm) Forget(ruleset, realm, pages, stale);
        }
    }

    private void Forget(int ruleset, string realm, byte[]?[] pages, bool[] stale)
    {
        var content = rulesets.Content(ruleset).AsSpan()[..^2];
        for (var i = 0; i < content.Length; i++)
        {
            if (!stale[content[i]]) continue;
            pages[i / PageRules] = null;
            _rulesets.Remove((ruleset, realm));
        }
    }

    private byte[] Page(ReadOnlySpan<int> content, byte[]?[] ofRule, string realm)
    {
        foreach (var number in content[..Math.Min(content.Length, PageRules)]) _page.Add(ofRule[number] ??= Rule(number, realm));
        return _page.Finish();
    }

    private bool Changed(int set, string realm) => _sets.Remove((set, realm), out var before) && !Set(set, realm).AsSpan().SequenceEqual(before);

    private byte[] Rule(int number, string realm)
    {
        var rule = rules.RuleOf(number);
        var services = Services(number, rule);
        var remotes = new byte[rule.Remotes.Length][];
        for (var i = 0; i < remotes.Length; i++) remotes[i] = Set(rule.Remotes[i], realm);
        Array.Sort(remotes, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        _parts.Add(rule.Rule.Tenant).Add(rule.Rule.Policy).Add(rule.Rule.Rule)
            .Add((int)rule.Tier).Add((int)rule.Action).Add(rule.Observed ? 1 : 0).Add(services).Add(rule.AnyRemote ? 1 : 0);
        foreach (var remote in remotes) _parts.Add(remote);
        return _parts.Finish();
    }

    private byte[] Services(int number, ResolvedRule rule)
    {
        var key = rules[number].Services;
        if (_services.TryGetValue(key, out var known)) return known;
        foreach (var s in rule.Services) _parts.Add(s.Protocol).Add(s.Low).Add(s.High).Add(s.SourceLow).Add(s.SourceHigh);
        return _services[key] = _parts.Finish();
    }

    private byte[] Set(int set, string realm)
    {
        if (_sets.TryGetValue((set, realm), out var known)) return known;
        var members = _policy.Sets[set];
        foreach (var endpoint in members.Endpoints.Select(e => _policy.Endpoints[e]).Where(e => e.Realm == realm))
        {
            _parts.Add(endpoint.Key.ToString()).Add(endpoint.Addresses.Length);
            foreach (var address in endpoint.Addresses) _parts.Add(address);
        }
        _parts.Add("").Add(members.Prefixes.Length);
        foreach (var prefix in members.Prefixes) _parts.Add(prefix.Network).Add(prefix.Length);
        _parts.Add(members.Holes.Length);
        foreach (var hole in members.Holes) _parts.Add(hole.Network).Add(hole.Length);
        foreach (var e in members.Exceptions.Where(e => _policy.Endpoints[e.Endpoint].Realm == realm))
            _parts.Add(_policy.Endpoints[e.Endpoint].Key.ToString()).Add(e.Address);
        return _sets[(set, realm)] = _parts.Finish();
    }
}
