using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>One own address of one vNIC; <paramref name="Endpoint"/> indexes <see cref="HostPolicy.Endpoints"/>.</summary>
public readonly record struct EndpointAddress(int Endpoint, Address Address) : IComparable<EndpointAddress>
{
    public int CompareTo(EndpointAddress other) =>
        Endpoint.CompareTo(other.Endpoint) is var c and not 0 ? c : Address.CompareTo(other.Address);
}
