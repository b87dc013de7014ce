using System.Collections.Immutable;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>What a run of random packets has hit: verdicts, tiers whose rules decided, families, and features of the language. A feature is hit by a
/// packet whose answer would be another without it. The kernel tests link this file.</summary>
public sealed class Coverage
{
    private readonly SortedDictionary<string, long> _hits = new(StringComparer.Ordinal);
    private PolicySet _set = null!;
    private VmInventory _inventory = null!;
    private (string Name, PolicySet Without)[] _features = [];

    public long Packets { get; private set; }

    public IEnumerable<(string Key, long Count)> Hits => _hits.Select(h => (h.Key, h.Value)).Prepend(("packets", Packets));

    public void Begin(PolicySet set, VmInventory inventory)
    {
        (_set, _inventory) = (set, inventory);
        _features = [.. Feature("pass", WithoutPass), .. Feature("appliesTo", WithoutAppliesTo), .. Feature("nested-group", WithoutNesting),
            .. Feature("expiry", WithoutExpiry), .. Feature("schedule", WithoutSchedule), .. Feature("untracked", WithoutUntracked)];
    }

    public void Count(FlowQuestion packet, PlainAnswer answer)
    {
        Packets++;
        Hit($"verdict-{answer.Verdict}");
        Hit($"family-{packet.From.Address.Family}");
        foreach (var tier in answer.Hops.Select(h => h.Tier).OfType<Tier>().Distinct()) Hit($"tier-{tier}");
        foreach (var (name, without) in _features)
            if (PlainEvaluator.Evaluate(without, _inventory, packet).Flow != answer.Flow) Hit(name);
    }

    /// <summary>Fails when a run was too narrow to prove anything: a verdict below one in ten, or anything else hit less than <paramref name="least"/> times.</summary>
    /// <param name="count">Sums of <see cref="Hits"/>.</param>
    public static void Require(Func<string, long> count, long least)
    {
        foreach (var verdict in (Verdict[])[Verdict.Allow, Verdict.Deny, Verdict.Reject, Verdict.WouldDeny]) AtLeast($"verdict-{verdict}", count("packets") / 10);
        foreach (var tier in Enum.GetValues<Tier>()) AtLeast($"tier-{tier}", least);
        foreach (var family in Enum.GetValues<AddressFamily>()) AtLeast($"family-{family}", least);
        foreach (var feature in (string[])["pass", "appliesTo", "nested-group", "expiry", "schedule", "untracked"]) AtLeast(feature, least);

        void AtLeast(string what, long wanted) => Assert.True(count(what) >= wanted, $"{count(what)} {what} of {count("packets")} packets are too few, {wanted} are the least");
    }

    private void Hit(string what) => _hits[what] = _hits.GetValueOrDefault(what) + 1;

    // None when the policy has no use of the feature.
    private IEnumerable<(string, PolicySet)> Feature(string name, Func<Document, Document> without)
    {
        var documents = _set.Documents.Select(d => d with { Document = without(d.Document) }).ToArray();
        if (documents.Zip(_set.Documents).All(p => ReferenceEquals(p.First.Document, p.Second.Document))) return [];
        var built = PolicySet.Build(documents);
        return [(name, built.Set ?? throw new InvalidOperationException(string.Join('\n', built.Diagnostics)))];
    }

    private static Document WithoutPass(Document document) =>
        document is PolicyDocument p && p.Rules.Any(r => r.Action == RuleAction.Pass) ? p with { Rules = [.. p.Rules.Where(r => r.Action != RuleAction.Pass)] } : document;

    private static Document WithoutAppliesTo(Document document) =>
        document is PolicyDocument p && p.Rules.Any(r => r.AppliesTo is not null) ? p with { Rules = [.. p.Rules.Select(r => r with { AppliesTo = null })] } : document;

    private static Document WithoutExpiry(Document document) =>
        document is PolicyDocument p && p.Rules.Any(r => r.ExpiresAt is not null) ? p with { Rules = [.. p.Rules.Select(r => r with { ExpiresAt = null })] } : document;

    private static Document WithoutSchedule(Document document) =>
        document is PolicyDocument p && p.Rules.Any(r => r.Schedule is not null) ? p with { Rules = [.. p.Rules.Select(r => r with { Schedule = null })] } : document;

    private static Document WithoutUntracked(Document document) =>
        document is GuardDocument { Untracked.IsNone: false } g ? g with { Untracked = UntrackedServices.None } : document;

    private static Document WithoutNesting(Document document) => document is GroupDocument { Groups.IsEmpty: false } g ? g with { Groups = [] } : document;
}
