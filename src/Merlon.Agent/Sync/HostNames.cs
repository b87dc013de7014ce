using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>The names behind the numbers that events and entries carry: an immutable snapshot that other threads read.</summary>
internal sealed class HostNames
{
    private readonly Dictionary<uint, NicName> _nics;
    private readonly Dictionary<uint, string> _rules;
    private readonly Dictionary<uint, string> _segments;

    public HostNames(HostBook book)
    {
        _nics = book.Retired.Select(r => (r.Vnic, Name: new NicName(r.Vm, r.VmUuid, r.Index, r.Tenant)))
            .Concat(book.Nics.Select(n => (n.Vnic, Name: new NicName(n.Vm, n.VmUuid, n.Index, n.Tenant))))
            .ToDictionary(n => n.Vnic, n => n.Name);
        _rules = Builtins.Select(b => (b.Id, Name: b.Rule.ToString())).Concat(book.Rules.Select(r => (Id: r.Value, Name: r.Key)))
            .ToDictionary(r => r.Id, r => r.Name);
        _segments = book.Segments.ToDictionary(s => (uint)s.Value, s => Numbering.NetworkOf(s.Key));
    }

    /// <summary>Rules that every program has.</summary>
    public static IEnumerable<(uint Id, RuleRef Rule)> Builtins =>
    [
        (AbiLimits.RuleIdDefault, RuleRef.Default),
        (AbiLimits.RuleIdBuiltinArp, RuleRef.Builtin("arp")),
        (AbiLimits.RuleIdBuiltinNd, RuleRef.Builtin("nd")),
        (AbiLimits.RuleIdBuiltinDhcp, RuleRef.Builtin("dhcp")),
        (AbiLimits.RuleIdBuiltinGroup, RuleRef.Builtin("group")),
        (AbiLimits.RuleIdBuiltinEtherType, RuleRef.Builtin("ethertype")),
    ];

    /// <summary>Null = outside, or a number that is in no book.</summary>
    public NicName? Nic(uint vnic) => _nics.GetValueOrDefault(vnic);

    /// <summary>Null = not judged.</summary>
    public string? Rule(uint id) => id == 0 ? null : _rules.GetValueOrDefault(id, $"unknown/{id}");

    public string Segment(uint segment) => _segments.GetValueOrDefault(segment, "");

    /// <summary>Every rule name with its id, for hit counters.</summary>
    public IEnumerable<KeyValuePair<uint, string>> Rules => _rules;
}
