using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;

namespace Merlon.Controller.Rules;

/// <summary>Live connections that pass now and would be refused. Of an ICMP session the request is judged.</summary>
internal sealed class CutConnections(Revision before, Revision after, long at)
{
    public IReadOnlyList<ConnectionRecord> Of(IReadOnlyList<ConnectionRecord> connections)
    {
        var (now, then) = (new ImageEngine(before.Policy, before.Vms), new ImageEngine(after.Policy, after.Vms));
        return [.. connections.Where(c => RecordedPacket.Of(after.Vms, c.Source, c.Destination, c.Service, at) is { } q && RecordedPacket.Passes(now.Judge(q)) && !RecordedPacket.Passes(then.Judge(q)))];
    }
}
