using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Model;

/// <summary>Everything that only the whole set can show to be wrong. A group that exists but is not shared reads like one that does
/// not exist: tenants learn nothing of each other.</summary>
/// <param name="partial">Documents that are not whole: what they leave out proves nothing.</param>
internal sealed class PolicySetChecks(PolicySet set, ImmutableArray<Document> partial)
{
    private readonly Findings _findings = new();

    public ImmutableArray<Diagnostic> Run(ImmutableArray<StoredDocument> documents)
    {
        Duplicates(documents);
        foreach (var document in documents.Select(d => d.Document)) Document(document);
        new GroupCycles(set, _findings).Run();
        foreach (var policy in set.Policies.Where(p => p.Document.Protected && !partial.Contains(p.Document))) ProtectedPolicies.Check(set, policy.Document, _findings);
        if (!partial.Any(d => d is InventoryDocument)) DuplicateVms();
        return _findings.InOrder();
    }

    /// <summary>Several Inventory documents without a name may stand together; their VMs are compared instead.</summary>
    private void Duplicates(ImmutableArray<StoredDocument> documents)
    {
        foreach (var same in documents.Select(d => d.Document).Where(d => d is not InventoryDocument).GroupBy(d => d.Ref))
        {
            var ordered = same.OrderBy(d => d.Position.File, StringComparer.Ordinal).ThenBy(d => d.Position.Line).ToArray();
            foreach (var later in ordered.Skip(1))
                _findings.Error("duplicate-name", later.Position, $"{later.Kind} '{later.Name}' of tenant '{later.Tenant}' stands twice",
                    $"first at {ordered[0].Position.File}:{ordered[0].Position.Line}; rename or remove one");
        }
    }

    private void DuplicateVms()
    {
        var seen = new HashSet<(string, string)>();
        var uuids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var inventory in set.Inventories)
        {
            foreach (var vm in inventory.Vms)
                if (!seen.Add((vm.Tenant, vm.Name)) | (vm.Uuid.Length > 0 && !uuids.Add(vm.Uuid)))
                    _findings.Error("duplicate-vm", inventory.Position, $"VM '{vm.Name}' of tenant '{vm.Tenant}' stands twice, by name or by UUID");
        }
    }

    private void Document(Document document)
    {
        var platform = document.Tenant == Model.Document.Platform;
        switch (document)
        {
            case GroupDocument g:
                References(g.Tenant, g.Groups.Concat(g.Except));
                break;
            case ServiceDocument { Name: BuiltinServices.Ping } s:
                _findings.Error("reserved-name", s.Position, "service 'ping' is built in and cannot be redefined");
                break;
            case PolicyDocument p:
                if (p.Tier != Tier.Tenant && !platform)
                    _findings.Error("tier-not-allowed", p.Position, $"tenant '{p.Tenant}' may not use tier {p.Tier.ToString().ToLowerInvariant()}", "tenants use tier: tenant");
                foreach (var rule in p.Rules) Rule(p.Tenant, rule);
                break;
            case GuardDocument or TenantDocument when !platform:
                _findings.Error("tenant-not-allowed", document.Position, $"tenant '{document.Tenant}' may not have a {document.Kind}", "only platform may");
                break;
            case GuardDocument guard:
                References(guard.Tenant, guard.Select);
                Untracked(guard.Tenant, "serves", guard.Untracked.Serves);
                Untracked(guard.Tenant, "asks", guard.Untracked.Asks);
                if (guard is { Adopt: > 0, Exclude: false })
                    _findings.Warning("guard-adopts", guard.Position, $"VMs that run when '{guard.Name}' first guards them take in the connections that run already, for {guard.Adopt}s: nobody sees who opened them",
                        "take 'adopt' out when all VMs are guarded");
                break;
        }
    }

    private void Rule(string tenant, PolicyRule rule)
    {
        References(tenant, rule.From.Concat(rule.To).Concat(rule.AppliesTo ?? []));
        Services(tenant, rule.Services);
    }

    private void Untracked(string tenant, string list, ImmutableArray<ServiceTerm> terms)
    {
        Services(tenant, terms);
        foreach (var term in terms) Untracked(tenant, term);
        if (terms.IsEmpty) return;
        var at = terms[0].Position;
        var ranges = PortRange.Merged(set.Matches(tenant, terms).Where(UntrackedServices.MayList).Select(m => new PortRange(m.Low, m.High)));
        if (ranges.Contains(PortRange.All)) _findings.Error("bad-service", at, $"'{list}' lists all of TCP together: so much cannot pass untracked");
        if (ranges.Length > UntrackedPorts.MostRanges) _findings.Error("out-of-range", at, $"'{list}' has {ranges.Length} ranges of ports, more than {UntrackedPorts.MostRanges}");
        foreach (var range in ranges.Where(r => r.Touches(PortRange.Ephemeral.Low, PortRange.Ephemeral.High)))
            _findings.Warning("untracked-ephemeral", at, $"'{list}' has tcp/{range}: VMs connect out from {PortRange.Ephemeral}, and what they open from a listed port is refused",
                "list the service's own ports");
    }

    private void Untracked(string tenant, ServiceTerm term)
    {
        if (term.Name is not null && !set.Matches(tenant, [term]).All(UntrackedServices.MayList))
            _findings.Error("bad-service", term.Position, $"service '{term.Name}' cannot pass untracked: only TCP, from any source port, and not all of its ports", "list its ports here");
    }

    private void Services(string tenant, IEnumerable<ServiceTerm> terms)
    {
        foreach (var term in terms)
        {
            if (term.Name is null or BuiltinServices.Ping || set.Service(tenant, term.Name) is not null) continue;
            var known = set.Documents.Select(d => d.Document).OfType<ServiceDocument>()
                .Where(s => s.Tenant == tenant || s.Tenant == Model.Document.Platform).Select(s => s.Name).Append(BuiltinServices.Ping);
            _findings.Error("unknown-service", term.Position, $"service '{term.Name}' does not exist", NearestName.Hint(term.Name, known) ?? "apply a Service of that name with it, or before it");
        }
    }

    private void References(string tenant, IEnumerable<Reference> references)
    {
        foreach (var reference in references)
        {
            if (reference.Kind != ReferenceKind.Group || set.Group(tenant, reference) is not null) continue;
            var foreign = reference.Tenant.Length > 0 && reference.Tenant != tenant;
            if (partial.Any(d => d is GroupDocument && (d.Tenant, d.Name) == (foreign ? reference.Tenant : tenant, reference.Name))) continue;
            var text = reference.ToString()["group/".Length..];
            var known = set.Groups.Where(g => PolicySet.MayName(tenant, g)).Select(g => g.Tenant == tenant && !foreign ? g.Name : $"{g.Tenant}/{g.Name}");
            _findings.Error("unknown-group", reference.Position,
                $"group '{text}' does not exist{(foreign ? $" or is not shared with tenant '{tenant}'" : $" in tenant '{tenant}'")}", NearestName.Hint(text, known) ?? (foreign ? "ask its owner to put this tenant into the group's sharedWith" : "apply a Group of that name with it, or before it"));
        }
    }
}
