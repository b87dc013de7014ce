using System.Collections.Immutable;

namespace Merlon.Policy.Analyze;

/// <summary>A set of addresses of one realm in the words of the language: all of <paramref name="Names"/> together, without what is in
/// <paramref name="Except"/>. Beside <c>any</c>, <c>group/TENANT/NAME</c>, <c>vm/NAME-or-UUID</c> and <c>cidr/PREFIX</c> there is
/// <c>outside</c>: every address that no VM owns. A VM means its own addresses.</summary>
public sealed record Ends(ImmutableArray<string> Names, ImmutableArray<string> Except)
{
    public override string ToString() =>
        string.Join(", ", Names) + (Except.IsEmpty ? "" : $" except {string.Join(", ", Except)}");
}
