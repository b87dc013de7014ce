using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Fast.Tests.Policy;

/// <summary>A random policy with its inventory, small enough that everything overlaps. The same seed gives the same on every machine;
/// the kernel tests link this file.</summary>
public sealed class RandomPolicy
{
    private static readonly string[] Tenants = ["shop", "rival"];
    private static readonly string[] Tiers = ["web", "app", "db"];
    private static readonly string[] Prefixes =
    [
        "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.0/28", "10.0.1.4/30", "10.0.1.5/32", "10.0.2.0/23", "10.0.255.255/32",
        "192.0.2.0/24", "192.0.2.128/25", "::/0", "fd00::/8", "fd00:0:0:1::/64", "fd00:0:0:1::4/126", "fd00:0:0:1::5/128", "2001:db8::/32",
    ];

    private static readonly RuleAction[] s_actions = [RuleAction.Allow, RuleAction.Allow, RuleAction.Allow, RuleAction.Deny, RuleAction.Reject, RuleAction.Pass];
    private static readonly RuleAction[] s_wideActions = [.. s_actions, RuleAction.Reject];
    private static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
    private readonly Dice _dice;
    private readonly int _hosts, _rules;
    private readonly bool _wide;
    private readonly List<Document> _documents = [];

    /// <param name="hosts">VMs are spread over so many hosts; 1 = no host is stated.</param>
    /// <param name="rules">At most so many rules in a policy.</param>
    /// <param name="wide">More of what is rare: rejects, observing, schedules.</param>
    public RandomPolicy(ulong seed, int hosts = 1, int rules = 6, bool wide = false)
    {
        (_dice, _hosts, _rules, _wide) = (new(seed), hosts, rules, wide);
        var vms = _dice.Some(3, 8, Vm);
        _documents.Add(new InventoryDocument("platform", "inventory", None, default, [.. vms]));
        for (var i = _dice.Between(2, 6); i > 0; i--) _documents.Add(Group($"g{i}"));
        foreach (var tenant in Tenants) _documents.Add(new ServiceDocument(tenant, "svc", None, default, [.. _dice.Some(1, 3, _ => Member())]));
        for (var i = _dice.Between(2, 6); i > 0; i--) _documents.Add(Policy($"p{i}"));
        foreach (var tenant in Tenants)
            if (_dice.Percent(_wide ? 60 : 40)) _documents.Add(new TenantDocument("platform", tenant, None, default, Default(), Default()));
        if (_dice.Percent(_wide ? 50 : 40)) _documents.AddRange(_dice.Some(1, 3, i => Guard($"guard{i}")));
        Text = ManifestPrinter.Print(_documents);
        var parsed = ManifestParser.Parse([new("random.yaml", Text)]);
        var built = PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 7)));
        Set = built.Set is { } set && parsed.Ok ? set : throw new InvalidOperationException($"seed {seed}\n{Text}\n{string.Join('\n', [.. parsed.Diagnostics, .. built.Diagnostics])}");
        Documents = parsed.Documents;
        Inventory = VmInventory.FromDocuments(Documents.OfType<InventoryDocument>());
    }

    /// <summary>As a manifest.</summary>
    public string Text { get; }

    /// <summary>As parsed from <see cref="Text"/>.</summary>
    public IReadOnlyList<Document> Documents { get; }

    public PolicySet Set { get; }

    public VmInventory Inventory { get; }

    private InventoryVm Vm(int index)
    {
        var labels = None.Add("tier", _dice.Of(Tiers));
        if (_dice.Percent(30)) labels = labels.Add("env", "prod");
        var host = _hosts == 1 ? "" : $"host{_dice.Below(_hosts)}";
        return new("", $"vm-{index}", host, _dice.Of(Tenants), labels, [.. _dice.Some(1, 2, n => Nic(index, n))]);
    }

    private InventoryNic Nic(int vm, int index)
    {
        var realm = _dice.Percent(15) ? "blue" : InventoryNic.DefaultRealm;
        var addresses = _dice.Some(1, 4, _ => OwnAddress()).Distinct().Order();
        return new(index, new MacAddress(0x525400000000 + (ulong)(vm * 16 + index)), realm == "blue" ? "br9" : $"br{_dice.Below(2)}", realm, [.. addresses]);
    }

    private Address OwnAddress() => Address.Parse(_dice.Percent(60)
        ? $"10.0.{_dice.Between(0, 3)}.{_dice.Between(1, 9)}" : $"fd00:0:0:{_dice.Between(1, 2)}::{_dice.Between(1, 9):x}");

    private GroupDocument Group(string name)
    {
        var tenant = _dice.Percent(20) ? "platform" : _dice.Of(Tenants);
        var inner = _documents.OfType<GroupDocument>().Where(g => PolicySet.MayName(tenant, g)).Select(g => Reference(g, tenant)).ToArray();
        return new(tenant, name, None, default,
            _dice.Percent(70) ? Selector() : null,
            _dice.Percent(50) ? [.. _dice.Some(1, 3, _ => Cidr()).Distinct().Order()] : [],
            inner.Length > 0 && _dice.Percent(40) ? [_dice.Of(inner)] : [],
            _dice.Percent(35) ? [.. _dice.Some(1, 2, _ => Reference(tenant, any: false))] : [],
            _dice.Percent(40) ? [.. Tenants.Where(t => t != tenant).Order(StringComparer.Ordinal)] : []);
    }

    private Selector Selector() => _dice.Below(5) switch
    {
        0 => new(None, [], null, null),
        1 => new(None, [new("tier", ["db", "web"], null, null), new("env", null, null, _dice.Percent(50))], null, null),
        2 => new(None, [], $"*-{_dice.Below(4)}", null),
        3 => new(None, [new("tier", null, ["app"], null)], null, $"br{_dice.Below(2)}"),
        _ => new(None.Add("tier", _dice.Of(Tiers)), [], null, null),
    };

    private PolicyDocument Policy(string name)
    {
        var tenant = _dice.Percent(35) ? "platform" : _dice.Of(Tenants);
        var tier = tenant != "platform" ? Tier.Tenant : _dice.Of([Tier.Emergency, Tier.Platform, Tier.Baseline]);
        return new(tenant, name, None, default, tier, _dice.Percent(50) ? 1000 : _dice.Below(3),
            _dice.Percent(_wide ? 35 : 20) ? Enforcement.Observe : Enforcement.Enforce, [.. _dice.Some(1, _rules, i => Rule(tenant, $"r{i}"))]);
    }

    private PolicyRule Rule(string tenant, string name) => new(name,
        References(tenant), References(tenant),
        _dice.Percent(15) ? References(tenant) : null,
        [.. _dice.Some(1, 3, _ => Service(tenant))],
        _dice.Of(_wide ? s_wideActions : s_actions),
        _dice.Percent(30), _dice.Percent(15) ? _dice.Of<long>([1000, 2000]) : null, default)
    {
        // A rule that is there from 960 to 1980 s, and at every such time of the week.
        Schedule = _wide && _dice.Percent(10) ? new("UTC", [new(DayOfWeek.Thursday, DayOfWeek.Thursday, 16, 33)]) : null,
    };

    private ImmutableArray<Reference> References(string tenant) => [.. _dice.Some(1, 2, _ => Reference(tenant, any: true))];

    private Reference Reference(string tenant, bool any)
    {
        var groups = _documents.OfType<GroupDocument>().Where(g => PolicySet.MayName(tenant, g)).ToArray();
        return _dice.Below(10) switch
        {
            < 3 when any => new(ReferenceKind.Any, "", "", default, 0, default),
            < 6 when groups.Length > 0 => Reference(_dice.Of(groups), tenant),
            < 8 => new(ReferenceKind.Cidr, "", "", Cidr(), 0, default),
            _ => new(ReferenceKind.Vm, "", $"vm-{_dice.Below(8)}", default, 0, default),
        };
    }

    private static Reference Reference(GroupDocument group, string tenant) =>
        new(ReferenceKind.Group, group.Tenant == tenant ? "" : group.Tenant, group.Name, default, 0, default);

    private Prefix Cidr() => Prefix.TryParse(_dice.Of(Prefixes), out var prefix) ? prefix : throw new InvalidOperationException();

    private ServiceTerm Service(string tenant) =>
        _dice.Percent(15) ? new(tenant == "platform" ? "ping" : _dice.Of(["svc", "ping"]), default, default) : new(null, Match(), default);

    private ServiceTerm Member()
    {
        var match = Match();
        if (Protocols.HasPorts(match.Protocol) && _dice.Percent(60)) match = match with { SourceLow = 1024, SourceHigh = _dice.Percent(50) ? 1024 : 2000 };
        return new(null, match, default);
    }

    private ServiceMatch Match() => _dice.Below(8) switch
    {
        0 => ServiceMatch.Any,
        1 => ServiceMatch.Any with { Protocol = _dice.Of([6, 17, 132, 1, 58, 47]) },
        2 => new(1, 8 << 8, 8 << 8 | 255, 0, 65535),
        3 => new(58, 128 << 8, 128 << 8, 0, 65535),
        4 => new(_dice.Of([6, 17]), 80, 443, 0, 65535),
        _ => _dice.Of([22, 80, 443, 5432]) is var port ? new(_dice.Of([6, 6, 17, 132]), port, port, 0, 65535) : default,
    };

    private RuleAction Default() => _dice.Of([RuleAction.Allow, RuleAction.Deny, RuleAction.Reject]);

    private GuardDocument Guard(string name)
    {
        var guard = Plain(name);
        // Only what is judged may pass without a connection.
        return !_wide ? guard : guard with
        {
            Untracked = new(Untracked(60), guard.Out ? Untracked(60) : []),
            Adopt = _dice.Percent(20) ? 60 : 0,
            Frames = _dice.Percent(20) ? new([new(7, 9)], []) : OtherFrames.None,
        };
    }

    private ImmutableArray<ServiceTerm> Untracked(int percent) => !_dice.Percent(percent) ? [] : [.. _dice.Some(1, 2, _ =>
        _dice.Of([(22, 22), (80, 80), (443, 443), (5432, 5432), (80, 443), (1024, 1024), (40000, 40000)]) is var (low, high)
            ? new ServiceTerm(null, new(Protocols.Tcp, low, high, 0, 65535), default) : null!)];

    private GuardDocument Plain(string name) => new("platform", name, None, default,
        _dice.Of([10, 1000]), _dice.Percent(20),
        [_dice.Below(4) switch
        {
            0 => new(ReferenceKind.Network, "", "br0", default, 0, default),
            1 => new(ReferenceKind.Nic, "", $"vm-{_dice.Below(4)}", default, 0, default),
            2 => Reference("platform", any: true),
            _ => new(ReferenceKind.Any, "", "", default, 0, default),
        }],
        _dice.Percent(80), true, _dice.Percent(_wide ? 50 : 30) ? Enforcement.Observe : Enforcement.Enforce, OnFailure.Closed,
        _dice.Of([LogLevel.Denies, LogLevel.Rules, LogLevel.All]), AntiSpoof.Default, 0, 0, Rates.None, OtherFrames.None, false);
}
