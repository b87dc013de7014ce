using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>A vNIC as others see it: who it is and which addresses are its own in its realm.</summary>
public sealed record PolicyEndpoint(NicKey Key, string Vm, string Tenant, string Realm, ImmutableArray<Address> Addresses);
