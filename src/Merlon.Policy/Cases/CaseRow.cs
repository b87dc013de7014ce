using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>One case: all the traffic that From, To and Service mean must get <paramref name="Expect"/>.</summary>
/// <param name="From">A reference of the policy language or a bare address.</param>
/// <param name="Expect">allow, deny, reject, would-deny or would-allow, exactly.</param>
/// <param name="At">Unix seconds; null = before every expiry.</param>
/// <param name="Rule">Text of a rule reference that must decide; <c>@revision</c> may be left out.</param>
public sealed record CaseRow(
    string From, string To, string Service, Verdict Expect, int? SourcePort, long? At, string? Rule, string? Reason, Position Position)
{
    /// <summary>Whose PolicyTest it stands in; null or platform = the operator's, which may name anybody.</summary>
    public string? Tenant { get; init; }
}
