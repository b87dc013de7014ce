using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Cases;

/// <summary>Packets that a service of a case means: every port at which the policy's answer can change, source ports likewise.</summary>
internal sealed class CaseServices(PolicySet policy)
{
    /// <summary>Source port where no rule looks at it, from which something may be opened.</summary>
    private readonly int _some = Enumerable.Range(40000, PortRange.Most - 40000).FirstOrDefault(p => !PolicyEdges.Untracked(policy).Any(u => u.Low <= p && p <= u.High), 40000);

    private readonly ServiceMatch[] _edges = [.. PolicyEdges.Services(policy).Order()];

    /// <summary>Null and a problem when the text is no service.</summary>
    public IReadOnlyList<(int Protocol, int Destination, int Source)>? Of(string text, string? tenant, int? sourcePort, out string? problem)
    {
        problem = null;
        if (ServiceText.Parse(text, default, out var wrong) is not { } term) problem = wrong!.Message;
        else if (term.Name is { } name && name != BuiltinServices.Ping && Owner(name, tenant) is null) problem = $"service '{name}' does not exist";
        else return [.. policy.Matches(term.Name is null ? "" : Owner(term.Name, tenant) ?? "", [term]).SelectMany(m => Packets(m, sourcePort)).Distinct()];
        return null;
    }

    /// <summary>The tenant whose rules see a Service of that name; the operator's files see everybody's.</summary>
    private string? Owner(string name, string? tenant) => tenant is not null
        ? policy.Service(tenant, name) is null ? null : tenant
        : policy.Documents.Select(d => d.Document).OfType<ServiceDocument>().FirstOrDefault(s => s.Name == name)?.Tenant;

    private IEnumerable<(int, int, int)> Packets(ServiceMatch match, int? sourcePort) =>
        from protocol in match.Protocol >= 0 ? [match.Protocol] : AllProtocols()
        from destination in Destinations(protocol, match)
        from source in Protocols.HasPorts(protocol) ? Sources(protocol, match, sourcePort) : [0]
        select (protocol, destination, source);

    /// <summary>Those with names, those that rules name, and one that none names.</summary>
    private IEnumerable<int> AllProtocols()
    {
        var named = new SortedSet<int>([Protocols.Tcp, Protocols.Udp, Protocols.Sctp, Protocols.Icmp, Protocols.Icmp6, .. _edges.Select(e => e.Protocol).Where(p => p >= 0)]);
        return named.Append(Enumerable.Range(47, 200).First(p => !named.Contains(p)));
    }

    /// <summary>ICMP without a type means echo requests: nothing else opens a connection.</summary>
    private IEnumerable<int> Destinations(int protocol, ServiceMatch match)
    {
        if (Protocols.IsIcmp(protocol) && match is { Low: 0, High: 65535 }) return [protocol == Protocols.Icmp ? 8 << 8 : 128 << 8];
        if (!Protocols.HasPorts(protocol) && !Protocols.IsIcmp(protocol)) return [0];
        var first = Protocols.HasPorts(protocol) ? Math.Min(Math.Max(match.Low, 1), match.High) : match.Low;
        return Edges(protocol, match.Low, match.High, e => (e.Low, e.High)).Append(first).Append(match.High).Distinct().Order();
    }

    private IEnumerable<int> Sources(int protocol, ServiceMatch match, int? given)
    {
        if (given is { } port) return match.SourceLow <= port && port <= match.SourceHigh ? [port] : [];
        var some = match.SourceLow <= _some && _some <= match.SourceHigh ? _some : match.SourceLow;
        return Edges(protocol, match.SourceLow, match.SourceHigh, e => (e.SourceLow, e.SourceHigh)).Prepend(some).Distinct();
    }

    /// <summary>Within low-high: every first value inside or behind a range that a rule names. Port 0 is no port.</summary>
    private IEnumerable<int> Edges(int protocol, int low, int high, Func<ServiceMatch, (int Low, int High)> range) =>
        _edges.Where(e => e.Protocol < 0 || e.Protocol == protocol).Select(range).SelectMany(r => new[] { r.Low, r.High + 1 })
            .Where(v => v >= Math.Max(low, 1) && v <= high).Distinct().Order();
}
