using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Who a rule's from or to means: vNICs by identity and addresses by prefix.
/// A vNIC's declared address belongs to the set when the vNIC is a member or the address is in a prefix;
/// a vNIC that speaks from an address it does not own belongs only by identity.</summary>
/// <param name="Endpoints">Indexes into <see cref="HostPolicy.Endpoints"/>, ascending.</param>
/// <param name="Prefixes">Disjoint, ascending, of every realm; exceptions already cut out.</param>
public sealed record EndpointSet(ImmutableArray<int> Endpoints, ImmutableArray<Prefix> Prefixes);
