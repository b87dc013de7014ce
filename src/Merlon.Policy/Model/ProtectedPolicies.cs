using Merlon.Policy.Text;

namespace Merlon.Policy.Model;

/// <summary>Policies with <c>protected: true</c>: the way that must stay open, whatever else is applied. They only allow and judge first in
/// the first tier, so nothing shadows them; a call that touches one, or a group or service that one names, must name the policy.</summary>
public static class ProtectedPolicies
{
    /// <summary>TENANT/NAME, as calls name it.</summary>
    public static string NameOf(PolicyDocument policy) => $"{policy.Tenant}/{policy.Name}";

    /// <summary>Those that a change of some documents touches.</summary>
    /// <param name="changed">References of documents that say something else afterwards, or are gone.</param>
    public static IEnumerable<PolicyDocument> Touched(PolicySet before, IReadOnlySet<string> changed) =>
        before.Policies.Select(p => p.Document).Where(p => p.Protected && Ground(before, p).Any(d => changed.Contains(d.Ref)));

    /// <summary>Why a change may not be made: it touches policies that <paramref name="named"/> leaves out, or a name is no protected policy's.</summary>
    /// <param name="after">The documents as they are to be, by reference.</param>
    public static IEnumerable<Diagnostic> Refusals(
        PolicySet before, IReadOnlySet<string> changed, Func<string, Document?> after, IReadOnlyCollection<string> named)
    {
        foreach (var policy in Touched(before, changed).Where(p => !named.Contains(NameOf(p))))
            foreach (var document in Ground(before, policy).Where(d => changed.Contains(d.Ref)))
                yield return Refusal(policy, document, after(document.Ref));
        HashSet<string> known = [.. before.Policies.Where(p => p.Document.Protected).Select(p => NameOf(p.Document))];
        foreach (var name in named.Where(n => !known.Contains(n)).Distinct())
            yield return new(Severity.Error, "not-protected", $"'{name}' is no protected policy", "", 0, 0, NearestName.Hint(name, known) ?? "expected platform/NAME of one with protected: true");
    }

    internal static void Check(PolicySet set, PolicyDocument policy, Findings findings)
    {
        void Error(Position at, string message, string hint) => findings.Error("protected-not-allowed", at, message, hint);
        if (policy.Tenant != Document.Platform || policy.Tier != Tier.Emergency || policy.Enforcement != Enforcement.Enforce || policy.Rules.IsEmpty)
            Error(policy.Position, $"policy '{policy.Name}' cannot be protected", "only platform's, of tier emergency, enforced, with rules");
        foreach (var rule in policy.Rules)
            if (rule.Action != RuleAction.Allow || rule.ExpiresAt is not null || rule.Schedule is not null)
                Error(rule.Position, $"rule '{rule.Name}' cannot stand in a protected policy", "it allows, always: no other action, no expiresAt, no schedule");
        foreach (var group in Ground(set, policy).OfType<GroupDocument>().Where(g => g.Tenant != Document.Platform))
            Error(policy.Position, $"protected policy '{policy.Name}' stands on group '{group.Tenant}/{group.Name}', which another tenant may change", "name groups of platform");
    }

    /// <summary>What says what the policy means: itself, groups and services that it names, and those that these name.</summary>
    private static IEnumerable<Document> Ground(PolicySet set, PolicyDocument policy)
    {
        var ground = new HashSet<Document>(ReferenceEqualityComparer.Instance) { policy };
        var named = new Queue<(string Tenant, Reference Reference)>();
        foreach (var rule in policy.Rules)
        {
            foreach (var reference in rule.From.Concat(rule.To).Concat(rule.AppliesTo ?? [])) named.Enqueue((policy.Tenant, reference));
            foreach (var term in rule.Services)
                if (term.Name is { } name && set.Service(policy.Tenant, name) is { } service) ground.Add(service);
        }
        while (named.TryDequeue(out var next))
        {
            if (next.Reference.Kind != ReferenceKind.Group || set.Group(next.Tenant, next.Reference) is not { } group || !ground.Add(group)) continue;
            foreach (var reference in group.Groups.Concat(group.Except)) named.Enqueue((group.Tenant, reference));
        }
        return ground.OrderBy(d => d.Ref, StringComparer.Ordinal);
    }

    private static Diagnostic Refusal(PolicyDocument policy, Document document, Document? after)
    {
        var it = ReferenceEquals(policy, document) ? "it" : $"it stands on {document.Ref}, which";
        var message = $"policy {NameOf(policy)} is protected: {it} would {(after is null ? "be gone" : "say something else")}";
        return new(Severity.Error, "protected", message, after?.Position.File ?? "", after?.Position.Line ?? 0, after?.Position.Column ?? 0, $"--unprotect {NameOf(policy)} says that this is meant");
    }
}
