using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>Where the answers of a policy can change: prefixes, ports and source ports that its rules name.</summary>
public static class PolicyEdges
{
    /// <summary>Every prefix that a rule or group names.</summary>
    public static IEnumerable<Prefix> Prefixes(PolicySet policy) =>
        policy.Groups.SelectMany(g => g.Cidrs.Concat(Cidrs(g.Except)))
            .Concat(policy.Policies.SelectMany(p => p.Document.Rules).SelectMany(r => Cidrs(r.From.Concat(r.To))))
            .Distinct();

    /// <summary>Every service that a rule means, and those that a Guard lets pass without a connection.</summary>
    public static IEnumerable<ServiceMatch> Services(PolicySet policy) =>
        policy.Policies.SelectMany(p => p.Document.Rules.SelectMany(r => policy.Matches(p.Document.Tenant, r.Services))).Concat(Untracked(policy)).Distinct();

    /// <summary>What Guards let pass without a connection.</summary>
    public static IEnumerable<ServiceMatch> Untracked(PolicySet policy) =>
        policy.Guards.SelectMany(g => policy.Matches(g.Tenant, g.Untracked.Serves.Concat(g.Untracked.Asks))).Distinct();

    /// <summary>The same from the other end: whatever comes from its ports.</summary>
    public static ServiceMatch Answers(ServiceMatch service) => new(service.Protocol, 0, PortRange.Most, service.Low, service.High);

    /// <summary>First address inside and first behind: between them, every region of nested prefixes has its lowest address.</summary>
    public static IEnumerable<Address> Around(Prefix prefix)
    {
        yield return prefix.Network;
        var last = Last(prefix);
        var top = prefix.Family == AddressFamily.IPv4 ? uint.MaxValue : UInt128.MaxValue;
        if (last.Bits != top) yield return last with { Bits = last.Bits + 1 };
    }

    public static Address Last(Prefix prefix)
    {
        var free = prefix.Network.Width - prefix.Length;
        return prefix.Network with { Bits = prefix.Network.Bits | (free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1) };
    }

    private static IEnumerable<Prefix> Cidrs(IEnumerable<Reference> references) =>
        references.Where(r => r.Kind == ReferenceKind.Cidr).Select(r => r.Prefix);
}
