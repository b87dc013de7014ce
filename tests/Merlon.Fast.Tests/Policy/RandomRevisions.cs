using System.Collections.Immutable;
using Merlon.Policy.Analyze;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Two revisions that differ in a few rules, at times in a label or a Guard too. The kernel tests link this file.</summary>
public sealed class RandomRevisions
{
    /// <param name="rules">At most so many rules in each policy.</param>
    public RandomRevisions(ulong seed, int rules)
    {
        var dice = new Dice(seed * 31 + 7);
        var random = new RandomPolicy(seed, 1, rules);
        Document[] old = [.. random.Documents];
        var edits = dice.Between(1, 4);
        var now = old.ToArray();
        for (var i = 0; i < edits; i++) Edit(now, dice);
        (Before, Text) = Build(old);
        (After, var text) = Build(now);
        Text += "=======\n" + text;
    }

    public Revision Before { get; }

    public Revision After { get; }

    /// <summary>Both, for a message.</summary>
    public string Text { get; }

    private static void Edit(Document[] documents, Dice dice)
    {
        var policies = Enumerable.Range(0, documents.Length).Where(i => documents[i] is PolicyDocument).ToArray();
        var at = dice.Percent(70) ? dice.Of(policies) : dice.Below(documents.Length);
        documents[at] = documents[at] switch
        {
            PolicyDocument { Rules.Length: > 0 } p => p with { Rules = Edit(p.Rules, dice), Enforcement = dice.Percent(10) ? Enforcement.Observe : p.Enforcement },
            InventoryDocument i when dice.Percent(50) => i with { Vms = i.Vms.SetItem(0, i.Vms[0] with { Labels = i.Vms[0].Labels.SetItem("tier", dice.Of(["web", "app", "db"])) }) },
            TenantDocument t => t with { DefaultIn = dice.Of([RuleAction.Allow, RuleAction.Deny, RuleAction.Reject]) },
            GuardDocument g => g with { Mode = 1 - g.Mode },
            var other => other,
        };
    }

    private static ImmutableArray<PolicyRule> Edit(ImmutableArray<PolicyRule> rules, Dice dice)
    {
        var at = dice.Below(rules.Length);
        return dice.Below(4) switch
        {
            0 => rules.RemoveAt(at),
            1 => rules.SetItem(at, rules[at] with { Action = dice.Of([RuleAction.Allow, RuleAction.Deny, RuleAction.Reject, RuleAction.Pass]) }),
            2 => rules.SetItem(at, rules[at] with { From = rules[dice.Below(rules.Length)].To, To = rules[dice.Below(rules.Length)].From }),
            _ => rules.SetItem(at, rules[at] with { Services = rules[dice.Below(rules.Length)].Services }),
        };
    }

    private static (Revision, string) Build(IEnumerable<Document> documents)
    {
        var text = ManifestPrinter.Print(documents);
        var built = PolicySet.Build(ManifestParser.Parse([new("random.yaml", text)]).Documents.Select(d => new StoredDocument(d, 7)));
        var set = built.Set ?? throw new InvalidOperationException(string.Join('\n', built.Diagnostics) + text);
        return (new(set, Merlon.Policy.Inventory.VmInventory.FromDocuments(set.Inventories)), text);
    }
}
