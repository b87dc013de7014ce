using System.Collections.Immutable;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Analyze;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Bench;

/// <summary>A policy of one shape with its VMs. The same seed gives the same on every machine. The VMs of Groups are spread over 100 hosts.</summary>
internal sealed class ShapedPolicy
{
    private static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
    private readonly Dice _dice;
    private readonly Shape _shape;
    private readonly Prefix[] _prefixes;
    private readonly ServiceMatch[] _services;
    private readonly int _groups;

    public ShapedPolicy(Shape shape, int rules)
    {
        (_shape, _dice) = (shape, new((ulong)rules * 10 + (ulong)shape));
        var groups = shape == Shape.Groups;
        _groups = groups ? Math.Min(5000, Math.Max(50, rules / 2)) : 0;
        var vms = groups ? 2 * _groups : 100;
        _prefixes = groups ? [] : [.. Enumerable.Range(0, rules / (shape switch { Shape.Acl => 4, Shape.Fw => 20, Shape.Ipc => 8, _ => 2 })).Select(_ => Prefix()).Distinct()];
        _services = [.. Enumerable.Range(0, shape == Shape.Fw ? 60 : 150).Select(_ => Service())];
        Host = groups ? "host-0" : "";
        Inventory = new([.. Enumerable.Range(0, vms).Select(i => new InventoryVm(VmInventory.UuidOf("shop", $"vm-{i}"), $"vm-{i}", groups ? $"host-{i % 100}" : "", "shop",
            groups ? None.Add("app", $"a{i % _groups}") : None, [new(0, new(0x525400000000 + (ulong)i), "br0", InventoryNic.DefaultRealm, [new(0x0a000000u + 256u + (uint)i, AddressFamily.IPv4)])]))]);
        Documents = [
            .. Enumerable.Range(0, _groups).Select(g => new GroupDocument("shop", $"g{g}", None, default, new(None.Add("app", $"a{g}"), [], null, null), [], [], [], [])),
            .. shape == Shape.Overlap ? Enumerable.Range(0, rules).Select(g => new GroupDocument("shop", $"o{g}", None, default, null, [.. _dice.Some(20, 40, _ => _dice.Of(_prefixes)).Distinct().Order()], [], [], [])) : [],
            new PolicyDocument("shop", "bench", None, default, Tier.Tenant, 1000, Enforcement.Enforce, [.. Enumerable.Range(0, rules).Select(Rule)])];
        Set = PolicySet.Build(Documents.Select(d => new StoredDocument(d, 1))).Set ?? throw new InvalidOperationException("the generator makes no valid policy");
    }

    /// <summary>The host whose image is compiled.</summary>
    public string Host { get; }

    public IReadOnlyList<Document> Documents { get; }

    public PolicySet Set { get; }

    public VmInventory Inventory { get; }

    public Revision Revision => new(Set, Inventory);

    /// <summary>The documents with one rule edited: another service, allowed.</summary>
    public IReadOnlyList<Document> Edited(int rule) => [.. Documents.Select(d => d is PolicyDocument p
        ? p with { Rules = p.Rules.SetItem(rule, p.Rules[rule] with { Services = [new(null, new(132, 7, 7, 0, 65535), default)], Action = RuleAction.Allow }) } : d)];

    private PolicyRule Rule(int index)
    {
        var (from, to) = _shape switch
        {
            Shape.Groups => (Group("g", _dice.Below(_groups)), Group("g", _dice.Below(_groups))),
            Shape.Overlap => (Group("o", index), Vm()),
            Shape.Acl => (_dice.Percent(10) ? Any : Cidr(), Vm()),
            Shape.Fw => (_dice.Percent(50) ? Any : Cidr(), _dice.Percent(30) ? Any : Vm()),
            _ => _dice.Percent(50) ? (Cidr(), Vm()) : (Vm(), _dice.Percent(10) ? Any : Cidr()),
        };
        return new($"r{index}", [from], [to], null, [new(null, _dice.Of(_services), default)], _dice.Percent(70) ? RuleAction.Allow : RuleAction.Deny, false, null, new("bench.yaml", index + 1, 1));
    }

    private static Reference Any { get; } = new(ReferenceKind.Any, "", "", default, 0, default);

    private static Reference Group(string kind, int number) => new(ReferenceKind.Group, "", $"{kind}{number}", default, 0, default);

    private Reference Vm() => new(ReferenceKind.Vm, "", $"vm-{_dice.Below(100)}", default, 0, default);

    private Reference Cidr() => new(ReferenceKind.Cidr, "", "", _dice.Of(_prefixes), 0, default);

    /// <summary>Mostly long ones in a few crowded networks, so that they nest.</summary>
    private Prefix Prefix()
    {
        var length = _shape == Shape.Acl ? _dice.Of([32, 32, 32, 28, 24, 24, 20, 16]) : _dice.Of([32, 30, 28, 26, 24, 22, 20, 16]);
        var address = 172u << 24 | (uint)_dice.Below(16) << 20 | (uint)_dice.Below(16) << 16 | (uint)_dice.Below(64) << 8 | (uint)_dice.Below(256);
        return new(new(Merlon.Policy.Model.Prefix.Mask(address, 32, length), AddressFamily.IPv4), length);
    }

    private ServiceMatch Service()
    {
        var (protocol, port) = (_dice.Percent(75) ? 6 : 17, _dice.Between(1, 9999));
        return _dice.Percent(_shape == Shape.Fw ? 40 : 10) ? new(protocol, port, Math.Min(65535, port + _dice.Between(1, 5000)), 0, 65535) : new(protocol, port, port, 0, 65535);
    }
}
