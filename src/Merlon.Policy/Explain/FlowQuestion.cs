using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Explain;

/// <summary>Would a first packet pass? Ports: <see cref="ServiceMatch"/>; <paramref name="At"/> in Unix seconds.</summary>
public readonly record struct FlowQuestion(
    EndpointRef From, EndpointRef To, int Protocol, int DestinationPort, int SourcePort, long At)
{
    /// <summary>As people say it: <c>10.8.0.5 to 10.8.0.7 tcp/22</c>.</summary>
    public override string ToString() =>
        $"{From.Address} to {To.Address} {ServiceText.Format(new(Protocol, DestinationPort, DestinationPort, 0, 65535))}";
}
