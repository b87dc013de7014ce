using Merlon.Datapath.Abi;

namespace Merlon.Datapath.Maps;

/// <summary>Everything the program counts, over all CPUs. Numbers only grow while the pins live.</summary>
public sealed class Counters
{
    private readonly KernelMap _counters, _reasons, _ruleHits;

    internal Counters(KernelMap counters, KernelMap reasons, KernelMap ruleHits) =>
        (_counters, _reasons, _ruleHits) = (counters, reasons, ruleHits);

    public ulong this[Counter counter] => _counters.Sum((uint)counter);

    /// <summary>Packets dropped, by reason; reasons never met are left out.</summary>
    public IReadOnlyDictionary<Reason, ulong> Drops()
    {
        var drops = new Dictionary<Reason, ulong>();
        for (var i = 0u; i < _reasons.Info.MaxEntries; i++)
            if (_reasons.Sum(i) is > 0 and var n) drops[(Reason)i] = n;
        return drops;
    }

    public ulong Drops(Reason reason) => _reasons.Sum((uint)reason);

    /// <summary>How often a rule judged.</summary>
    public RuleHits RuleHits(uint ruleId) => _ruleHits.TryLookup(ruleId, out RuleHits hits) ? hits : default;

    /// <summary>Sets a rule's hits to 0, before its number stands for another rule.</summary>
    public void ForgetRule(uint ruleId) => _ruleHits.Update(ruleId, default(RuleHits));
}
