using System.Collections.Immutable;
using Merlon.Datapath.Abi;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>The numbers of one plan in the making: those the book has, and new ones.</summary>
/// <param name="at">Unix seconds.</param>
/// <param name="step">What becomes of live connections that the plan forbids; null = they are cut.</param>
/// <param name="losers">vNICs that own an address no more.</param>
/// <param name="terms">Which of the new ones may take in what ran before.</param>
internal sealed class Numbering(HostBook book, long at, ConnectionStep? step, IReadOnlySet<NicKey> losers, AdoptionTerms terms)
{
    private readonly NumberPool _slots = new("slot", 0, AbiLimits.MaxSlots - 1, book.Cursors.Slot, book.Nics.Select(n => (uint)n.Slot));
    // 0xffff ends a pass in the timer's queues (expiry.h).
    private readonly NumberPool _segments = new("segment", 1, ushort.MaxValue - 1, book.Cursors.Segment, book.Segments.Values.Select(v => (uint)v));
    private readonly NumberPool _budgets = new("VM", 1, AbiLimits.MaxVms - 1, book.Cursors.Budget, book.Budgets.Values.Select(v => (uint)v));
    private readonly NumberPool _rules = new("rule", AbiLimits.RuleIdFirst, AbiLimits.MaxRuleIds - 1, book.Cursors.Rule, book.Rules.Values);
    private readonly ImmutableDictionary<string, ushort>.Builder _segmentOf = book.Segments.ToBuilder();
    private readonly ImmutableDictionary<string, ushort>.Builder _budgetOf = book.Budgets.ToBuilder();
    private readonly ImmutableDictionary<string, uint>.Builder _ruleOf = book.Rules.ToBuilder();
    private readonly ImmutableArray<BookNic>.Builder _nics = ImmutableArray.CreateBuilder<BookNic>();
    private uint _vnic = book.NextVnic;
    private uint _epoch = book.NextEpoch;

    public NicPlan Number(BookNic? old, PolicyEndpoint endpoint, PolicyNic nic, ushort realm, int record, ImageNic image)
    {
        var stamp = NicStamp.Of(endpoint, nic, image.RulesetDigest);
        var (goesOn, cutAt) = GoesOn(old, endpoint, stamp);
        var adoption = book.Knows(endpoint.Key) ? terms.GoOn(old?.Adoption, endpoint.Key, nic.Guard.Adopt) : terms.Begin(endpoint.Key, nic.Guard.Adopt);
        var kept = new BookNic(endpoint.Key.VmUuid, endpoint.Key.Index, endpoint.Vm, endpoint.Tenant,
            old?.Vnic ?? Next(ref _vnic, "vNIC"), old?.Slot ?? (ushort)_slots.Take(),
            goesOn ? old!.Epoch : Next(ref _epoch, "epoch"), stamp.ToString(), nic.Guard.OnFailure, cutAt, adoption);
        _nics.Add(kept);
        var segment = nic.SegmentOf(endpoint.Key);
        return new(endpoint.Key, endpoint.Vm, endpoint.Tenant, nic.Mac, nic.Guard, endpoint.Addresses, segment,
            kept.Vnic, kept.Slot, Of(_segmentOf, _segments, segment), realm, Of(_budgetOf, _budgets, endpoint.Key.VmUuid),
            kept.Epoch, record, image.RulesetDigest, image.Problem)
        {
            Adoption = adoption,
        };
    }

    /// <summary>Whether what the epoch has approved stays approved, and until when.</summary>
    private (bool GoesOn, long? CutAt) GoesOn(BookNic? old, PolicyEndpoint endpoint, NicStamp stamp)
    {
        if (old is null || at >= old.CutAt || losers.Contains(endpoint.Key)) return (false, null);
        var before = NicStamp.Parse(old.Stamp);
        if (before == stamp) return (true, old.CutAt);
        if (step is null || !step.Spares(endpoint.Tenant, before, stamp)) return (false, null);
        return (true, old.CutAt is { } due ? Math.Min(due, step.Until ?? due) : step.Until);
    }

    /// <param name="inForce">Its rules are in the book.</param>
    public ImmutableArray<uint> Rules(ImmutableArray<RuleRef> rules, HostPlan? inForce)
    {
        if (inForce?.Image.Rules == rules) return inForce.RuleIds;
        var ids = ImmutableArray.CreateBuilder<uint>(rules.Length);
        foreach (var rule in rules)
        {
            var text = rule.ToString();
            if (!_ruleOf.TryGetValue(text, out var id)) _ruleOf[text] = id = _rules.Take();
            ids.Add(id);
        }
        return ids.ToImmutable();
    }

    public HostBook Book(IEnumerable<NicPlan> nics, ImmutableDictionary<string, BookOwner> owners, ulong sequence)
    {
        var present = nics.Select(n => n.Vnic).ToHashSet();
        var left = book.Nics.Where(n => !present.Contains(n.Vnic))
            .Select(n => new RetiredNic(n.Vnic, n.VmUuid, n.Index, n.Vm, n.Tenant)).ToList();
        return book with
        {
            NextVnic = _vnic,
            NextEpoch = _epoch,
            Cursors = new(_slots.Cursor, _segments.Cursor, _budgets.Cursor, _rules.Cursor),
            Nics = _nics.ToImmutable(),
            Segments = _segmentOf.ToImmutable(),
            Budgets = _budgetOf.ToImmutable(),
            Rules = _ruleOf.ToImmutable(),
            Owners = owners,
            Retired = [.. book.Retired, .. left],
            Known = book.KnownWith(left.Select(n => new NicKey(n.VmUuid, n.Index))),
            Sequence = sequence,
        };
    }

    /// <summary>The network of a segment's name.</summary>
    public static string NetworkOf(string segment) => segment.Split('\n')[0];

    private static ushort Of(ImmutableDictionary<string, ushort>.Builder names, NumberPool pool, string name)
    {
        if (!names.TryGetValue(name, out var number)) names[name] = number = (ushort)pool.Take();
        return number;
    }

    private static uint Next(ref uint counter, string what) =>
        counter == uint.MaxValue ? throw new PolicyRefused($"all {what} numbers of this host are used up") : counter++;
}
