using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

internal sealed class ServiceReader(Findings findings, TermReader terms)
{
    public ServiceDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "a Service's spec", findings, "members") is not { } spec) return null;
        var members = ImmutableArray.CreateBuilder<ServiceTerm>();
        var items = spec.List("members", required: true);
        if (items.IsEmpty) findings.Error("empty-list", spec.Place("members"), "a Service needs at least one member");
        foreach (var item in items)
            if (Member(item) is { } member) members.Add(member);
        return new(head.Tenant, head.Name, head.Annotations, head.At, members.ToImmutable());
    }

    private ServiceTerm? Member(YamlNode node)
    {
        ServiceTerm? term;
        Problem? problem;
        if (node is YamlScalar { IsNull: false } scalar)
        {
            term = ServiceText.Parse(scalar.Value, node.At, out problem);
            terms.Report(problem, node.At);
        }
        else
        {
            if (Fields.Open(node, "a member", findings, "service", "sourcePort") is not { } fields) return null;
            term = terms.Service(fields, "service");
            if (term is not null && fields.Text("sourcePort") is { } ports) term = WithSource(term, ports, fields.Place("sourcePort"));
        }
        if (term?.Name is null) return term;
        findings.Error("bad-service", node.At, "a member is a protocol, not another Service");
        return null;
    }

    private ServiceTerm? WithSource(ServiceTerm term, string ports, Position at)
    {
        if (term.Name is null && !Protocols.HasPorts(term.Match.Protocol))
        {
            findings.Error("bad-service", at, "only tcp, udp and sctp have source ports");
            return null;
        }
        var range = ServiceText.ParsePorts(ports, out var problem);
        terms.Report(problem, at);
        return range is var (low, high) ? term with { Match = term.Match with { SourceLow = low, SourceHigh = high } } : null;
    }
}
