using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>What of one allow rule was used.</summary>
internal sealed class RuleUse(PolicySet policy, string tenant, PolicyRule rule, IReadOnlyCollection<FlowQuestion> packets, NarrowEnds narrow)
{
    private const int MostNames = 8;

    private readonly PlainMembership _members = new(policy);

    /// <summary>What is wider than what was seen, each with the narrowest that holds all that was seen; empty = nothing.</summary>
    public List<string> Wider()
    {
        var wider = new List<string>();
        if (policy.Matches(tenant, rule.Services).Any(s => !Covered(s)))
            wider.Add($"seen services: {Some(packets.Select(p => (p.Protocol, p.DestinationPort)).Distinct().Order().Select(s => Services.Text(Service(s.Protocol, s.DestinationPort))).Distinct())}");
        if (End(rule.From, p => (p.From, p.To)) is { } from) wider.Add($"seen from: {from}");
        if (End(rule.To, p => (p.To, p.From)) is { } to) wider.Add($"seen to: {to}");
        return wider;
    }

    /// <summary>Every port was seen; of ICMP one of its codes, of a protocol without ports anything.</summary>
    private bool Covered(ServiceMatch service)
    {
        if (service.Protocol < 0) return false;
        var mine = packets.Where(p => p.Protocol == service.Protocol && p.DestinationPort >= service.Low && p.DestinationPort <= service.High).Select(p => p.DestinationPort).Distinct().Count();
        if (!Protocols.HasPorts(service.Protocol)) return mine > 0 && !(Protocols.IsIcmp(service.Protocol) && service is { Low: 0, High: 65535 });
        return mine == service.High - service.Low + 1;
    }

    /// <summary>Null = all that it names was seen.</summary>
    private string? End(IReadOnlyCollection<Reference> references, Func<FlowQuestion, (EndpointRef Own, EndpointRef Other)> ends)
    {
        PlainParty[] seen = [.. packets.Select(ends).Select(e => narrow.Party(e.Own, e.Other)).Distinct()];
        var any = references.Any(r => r.Kind == ReferenceKind.Any);
        // Anybody from outside may be anybody: only that all were VMs makes 'any' too wide.
        if (any ? seen.Any(p => p.Nic is null) : references.All(r => seen.Any(p => _members.Is(tenant, r, p)) && !Idle(r, seen))) return null;
        return Some(narrow.Names(seen));
    }

    /// <summary>Members of a group that is small enough to name were never seen.</summary>
    private bool Idle(Reference reference, PlainParty[] seen) => reference.Kind == ReferenceKind.Group && policy.Group(tenant, reference) is { } group
        && group is { Cidrs.IsEmpty: true, Groups.IsEmpty: true } && narrow.Members(group).Any(n => seen.All(p => p.Nic?.Key != n.Key));

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return string.Join(", ", all.Take(MostNames)) + (all.Length > MostNames ? $" and {all.Length - MostNames} more" : "");
    }

    private static ServiceMatch Service(int protocol, int port) => Protocols.HasPorts(protocol) || Protocols.IsIcmp(protocol)
        ? new(protocol, port, port, 0, 65535) : new(protocol, 0, 65535, 0, 65535);
}
