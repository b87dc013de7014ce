using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>One end of a question: a vNIC with an address (its own or a foreign one), or a bare address. A bare address that a vNIC owns
/// in the other end's realm is that vNIC.</summary>
public readonly record struct EndpointRef(NicKey? Nic, Address Address)
{
    public override string ToString() => Nic is { } nic ? $"{nic} {Address}" : Address.ToString();
}
