using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Allow rules that let more ports pass than the Services that their tenant may name: <c>any</c>, a whole protocol or a range of ports that no
/// declared members fill. Single ports are as narrow as can be, and a tenant for which nothing of the protocol is declared is not measured.</summary>
public static class DeclaredRules
{
    /// <summary>Warnings in order of place.</summary>
    public static ImmutableArray<Diagnostic> Of(PolicySet policy, long at)
    {
        var findings = new Findings();
        foreach (var document in policy.Policies.Select(p => p.Document).Where(p => !p.Protected))
            foreach (var rule in document.Rules.Where(r => r.Action == RuleAction.Allow && r.IsThere(at)))
                foreach (var term in rule.Services.Where(t => t.Name is null))
                    if (Declared(policy, document.Tenant, term.Match) is { IsEmpty: false } declared && !Fill(declared, term.Match))
                        findings.Warning("rule-wider-than-declared", term.Position, $"rule {document.Tenant}/{document.Name}/{rule.Name} allows {ServiceText.Format(term.Match)}, more than any declared service",
                            "declared: " + string.Join(", ", declared.Select(d => $"service/{d.Name}").Distinct()));
        return findings.InOrder();
    }

    /// <summary>Services of the tenant and the platform with a member of the protocol.</summary>
    private static ImmutableArray<(string Name, ServiceMatch Match)> Declared(PolicySet policy, string tenant, ServiceMatch asked) =>
        asked.Low == asked.High || (asked.Protocol >= 0 && !Protocols.HasPorts(asked.Protocol)) ? [] :
        [
            .. policy.Documents.Select(d => d.Document).OfType<ServiceDocument>().Where(s => s.Tenant == tenant || s.Tenant == Document.Platform)
                .SelectMany(s => s.Members.Select(m => (s.Name, m.Match))).Where(d => asked.Protocol < 0 || d.Match.Protocol == asked.Protocol),
        ];

    private static bool Fill(ImmutableArray<(string Name, ServiceMatch Match)> declared, ServiceMatch asked) =>
        asked.Protocol >= 0 && PortRange.Merged(declared.Select(d => new PortRange(d.Match.Low, d.Match.High))).Any(r => r.Low <= asked.Low && asked.High <= r.High);
}
