using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>A box of traffic that two revisions answer differently: every packet from one of From to one of To with one of Services,
/// between two vNICs or a vNIC and somebody outside. Boxes of one difference have no packet in common.</summary>
public sealed record TrafficChange(
    ChangeKind Kind, string Realm, ImmutableArray<AddressFamily> Families, Ends From, Ends To, Services Services,
    Decision Before, Decision After, Witness Witness);
