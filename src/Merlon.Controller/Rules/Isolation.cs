using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Cuts one VM off: a policy of the emergency tier that is judged at its vNICs alone, so that nobody else's connections are
/// looked at again. What the platform calls its group <c>management</c> reaches the VM as before.</summary>
internal static class Isolation
{
    public const string Management = "management";

    private const string Prefix = "isolate-";

    /// <summary>Of the document that isolates the VM.</summary>
    public static string Ref(string uuid) => $"policy/{Document.Platform}/{Prefix}{uuid}";

    /// <summary>The VM that the document isolates, by name; null = it is another kind of document.</summary>
    public static string? VmOf(Document document) => document is PolicyDocument { Tenant: Document.Platform, Tier: Tier.Emergency } policy
        && policy.Name.StartsWith(Prefix, StringComparison.Ordinal) ? policy.Annotations.GetValueOrDefault("isolates", policy.Name[Prefix.Length..]) : null;

    /// <summary>It was to end by itself, and has.</summary>
    public static bool HasEnded(Document document, long at) => VmOf(document) is not null && ((PolicyDocument)document).Rules.All(r => r.ExpiresAt <= at);

    /// <param name="until">Unix seconds; null = until it is lifted.</param>
    public static ManifestText Manifest(InventoryVm vm, bool management, long? until)
    {
        Reference who = new(ReferenceKind.Vm, "", vm.Uuid, default, 0, default), any = new(ReferenceKind.Any, "", "", default, 0, default),
            manager = new(ReferenceKind.Group, "", Management, default, 0, default);
        var annotations = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("isolates", vm.Name);
        ImmutableArray<PolicyRule> rules = [
            .. management ? [Rule("management-out", who, manager, RuleAction.Pass), Rule("management-in", manager, who, RuleAction.Pass)] : Array.Empty<PolicyRule>(),
            Rule("out", who, any, RuleAction.Deny), Rule("in", any, who, RuleAction.Deny)];
        return new("merlon-isolate", ManifestPrinter.Print(
            new PolicyDocument(Document.Platform, Prefix + vm.Uuid, annotations, default, Tier.Emergency, 0, Enforcement.Enforce, rules)));

        PolicyRule Rule(string name, Reference from, Reference to, RuleAction action) =>
            new(name, [from], [to], [who], [new(null, ServiceMatch.Any, default)], action, false, until, default);
    }
}
