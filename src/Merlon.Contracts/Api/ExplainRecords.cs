using Merlon.Policy.Analyze;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Contracts.Api;

/// <summary>Judgements of the model as the API and the command line tell them.</summary>
public static class ExplainRecords
{
    /// <summary>One packet and what became of it.</summary>
    public static ExplainResult Path(FlowQuestion packet, PlainAnswer answer) => new(
        packet.From.Address.ToString(), packet.To.Address.ToString(), Service(packet.Protocol, packet.DestinationPort),
        Word(answer.Verdict), answer.Reason, [.. answer.Hops.Select(Hop)],
        Protocols.HasPorts(packet.Protocol) ? [$"source port {packet.SourcePort}"] : [], Packet(packet));

    public static ExplainPacket Packet(FlowQuestion q) => new(End(q.From), End(q.To), q.Protocol, q.SourcePort, q.DestinationPort);

    /// <summary>The answer of <see cref="Prover"/> to a question that has one.</summary>
    public static ProveAnswer Of(ProveRequest question, ProveResult result) => new(question.From, question.To, question.Service,
        result.Packet is null, result.Packet is { } packet ? Path(packet, result.Path!) : null, result.Assumptions);

    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.WouldDeny => "would-deny",
        Verdict.WouldAllow => "would-allow",
        _ => verdict.ToString().ToLowerInvariant(),
    };

    /// <summary>One judgement on the way.</summary>
    public static ExplainHop Hop(PlainHop hop) => new(
        hop.Direction == Direction.Out ? "out of VM" : "into VM", hop.Vm, Word(hop.Side.Verdict), hop.Side.Rule?.ToString() ?? "none",
        hop.Reason, hop.Tier?.ToString().ToLowerInvariant(), hop.File, hop.Line);

    private static ExplainEnd End(EndpointRef end) => new(end.Nic?.VmUuid, end.Nic?.Index, end.Address.ToString());

    public static string Service(int protocol, int destination) => ServiceText.Format(new(protocol, destination, destination, 0, 65535));
}
