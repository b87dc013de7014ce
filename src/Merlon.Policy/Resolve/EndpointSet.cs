using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Who a rule's from or to means: vNICs by identity and addresses by prefix.
/// A vNIC's own address belongs to the set when the vNIC is a member or the address is in a prefix, except where
/// <paramref name="Exceptions"/> says the opposite; a vNIC that speaks from an address it does not own belongs only by identity.</summary>
/// <param name="Endpoints">Indexes into <see cref="HostPolicy.Endpoints"/>, ascending.</param>
/// <param name="Prefixes">Ascending, of every realm. An address is in them when the longest of Prefixes and Holes that contains it is one of Prefixes.</param>
/// <param name="Holes">Ascending: what <c>except</c> cuts out of the prefixes.</param>
/// <param name="Exceptions">Own addresses for which the answer of the other three is reversed (a group of CIDRs except a VM,
/// a group of VMs except a CIDR). Ascending.</param>
public sealed record EndpointSet(
    ImmutableArray<int> Endpoints, ImmutableArray<Prefix> Prefixes, ImmutableArray<Prefix> Holes, ImmutableArray<EndpointAddress> Exceptions);
