using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Live connections that pass now and would be refused. Of an ICMP session the request is judged.</summary>
internal sealed class CutConnections(Revision before, Revision after, long at)
{
    private const int Echo4 = 8 << 8;
    private const int Echo6 = 128 << 8;

    public IReadOnlyList<ConnectionRecord> Of(IReadOnlyList<ConnectionRecord> connections)
    {
        var (now, then) = (new ImageEngine(before.Policy, before.Vms), new ImageEngine(after.Policy, after.Vms));
        return [.. connections.Where(c => Question(c) is { } q && Passes(now.Judge(q)) && !Passes(then.Judge(q)))];
    }

    private static bool Passes(FlowVerdict flow) => flow.Verdict is Verdict.Allow or Verdict.WouldDeny;

    private FlowQuestion? Question(ConnectionRecord c)
    {
        if (ServiceText.Parse(c.Service, default, out _) is not { Name: null, Match: var match }) return null;
        if (End(c.Source) is not { } source || End(c.Destination) is not { } destination) return null;
        var port = match.Protocol switch { Protocols.Icmp => Echo4, Protocols.Icmp6 => Echo6, _ => match.Low };
        return new(source, destination, match.Protocol, port, Protocols.HasPorts(match.Protocol) ? c.Source.Port ?? 0 : 0, at);
    }

    private EndpointRef? End(FlowEndRecord end) => !Address.TryParse(end.Address, out var address) ? null
        : new(end.VmUuid is { } uuid && end.Nic is { } nic && after.Vms.Find(new(uuid, nic)) is not null ? new NicKey(uuid, nic) : null, address);
}
