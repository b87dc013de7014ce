using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Traffic that passes: every first packet from one of From to one of To with one of Services.</summary>
/// <param name="Rules">All that let some of it pass; none = nobody judges it.</param>
public sealed record AccessBox(string Realm, ImmutableArray<AddressFamily> Families, Ends From, Ends To, Services Services, ImmutableArray<RuleRef> Rules);
