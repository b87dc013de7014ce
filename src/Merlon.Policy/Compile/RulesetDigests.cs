using System.Security.Cryptography;
using System.Text;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Everything that judges a vNIC, in names and addresses, as one digest. No number of this image is in it, and no member of
/// another realm, so it changes only when a verdict for this vNIC may. Revisions are names of history and not in it either.</summary>
internal sealed class RulesetDigests(HostPolicy policy, RuleTable rules, RulesetTable rulesets)
{
    private readonly Dictionary<(int Set, string Realm), string> _sets = [];
    private readonly Dictionary<(int Ruleset, string Realm), string> _rulesets = [];
    private readonly Dictionary<int, string> _services = [];
    private readonly Dictionary<int, ResolvedRule> _ruleOf = rules.Lists.SelectMany(l => l).DistinctBy(r => r.Number).ToDictionary(r => r.Number, r => r.Rule);

    public string Of(PolicyNic nic, NicRecords.Sides sides)
    {
        var realm = policy.Endpoints[nic.Endpoint].Realm;
        var text = new StringBuilder()
            .Append(nic.Guard.Out ? "out " : "").Append(nic.Guard.In ? "in " : "").Append(nic.Guard.Mode).Append('\n')
            .Append(Ruleset(sides.Identity.Out, realm)).Append(' ').Append(Ruleset(sides.Identity.In, realm)).Append('\n');
        foreach (var (address, (_, output, input)) in sides.Own)
            text.Append(address).Append(' ').Append(Ruleset(output, realm)).Append(' ').Append(Ruleset(input, realm)).Append('\n');
        return Hash(text);
    }

    /// <summary>Of one ruleset, as it judges in the realm.</summary>
    public string Ruleset(int ruleset, string realm)
    {
        if (_rulesets.TryGetValue((ruleset, realm), out var known)) return known;
        var content = rulesets.Content(ruleset);
        var text = new StringBuilder().Append((RuleAction)content[^2]).Append('\n');
        foreach (var number in content[..^2])
        {
            var rule = _ruleOf[number];
            text.Append(rule.Rule.Tenant).Append('/').Append(rule.Rule.Policy).Append('/').Append(rule.Rule.Rule).Append(' ')
                .Append(rule.Tier).Append(' ').Append(rule.Action).Append(rule.Observed ? " observed " : " ").Append(Services(number, rule));
            if (rule.AnyRemote) text.Append(" any");
            else text.Append(' ').AppendJoin(' ', rule.Remotes.Select(s => Set(s, realm)).Order(StringComparer.Ordinal));
            text.Append('\n');
        }
        return _rulesets[(ruleset, realm)] = Hash(text);
    }

    private string Services(int number, ResolvedRule rule)
    {
        var key = rules[number].Services;
        if (_services.TryGetValue(key, out var known)) return known;
        var text = new StringBuilder().AppendJoin(' ', rule.Services.Select(s => $"{s.Protocol}:{s.Low}-{s.High}:{s.SourceLow}-{s.SourceHigh}"));
        return _services[key] = Hash(text);
    }

    private string Set(int set, string realm)
    {
        if (_sets.TryGetValue((set, realm), out var known)) return known;
        var members = policy.Sets[set];
        var text = new StringBuilder();
        foreach (var endpoint in members.Endpoints.Select(e => policy.Endpoints[e]).Where(e => e.Realm == realm))
            text.Append(endpoint.Key).Append(' ').AppendJoin(' ', endpoint.Addresses).Append('\n');
        text.Append("prefixes ").AppendJoin(' ', members.Prefixes).Append("\nholes ").AppendJoin(' ', members.Holes).Append("\nexceptions ");
        foreach (var e in members.Exceptions.Where(e => policy.Endpoints[e.Endpoint].Realm == realm))
            text.Append(policy.Endpoints[e.Endpoint].Key).Append(' ').Append(e.Address).Append('\n');
        return _sets[(set, realm)] = Hash(text);
    }

    private static string Hash(StringBuilder text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
}
