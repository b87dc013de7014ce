using Merlon.Policy.Model;

namespace Merlon.Cli.Offline;

/// <summary>The model's words as the API and the manifests write them.</summary>
internal static class Words
{
    public static string Of(Verdict verdict) => verdict switch
    {
        Verdict.Allow => "allow",
        Verdict.Deny => "deny",
        Verdict.Reject => "reject",
        Verdict.WouldDeny => "would-deny",
        Verdict.WouldAllow => "would-allow",
        _ => "none",
    };

    public static string Of(Tier tier) => tier switch
    {
        Tier.Emergency => "emergency",
        Tier.Platform => "platform",
        Tier.Tenant => "tenant",
        _ => "baseline",
    };
}
