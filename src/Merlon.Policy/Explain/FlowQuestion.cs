using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>Would a first packet pass? Ports: <see cref="ServiceMatch"/>; <paramref name="At"/> in Unix seconds.</summary>
public readonly record struct FlowQuestion(
    EndpointRef From, EndpointRef To, int Protocol, int DestinationPort, int SourcePort, long At);
