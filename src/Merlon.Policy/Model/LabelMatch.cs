using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>One line of <c>select.match</c>: exactly one of In, NotIn and Exists is given. A missing label is in no list: NotIn holds for it.</summary>
public sealed record LabelMatch(string Key, ImmutableArray<string>? In, ImmutableArray<string>? NotIn, bool? Exists);
