using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Lab;

/// <summary>What the policy says of a measured cell.</summary>
internal sealed record CellRuling(string Verdict, string? Rule, string? Where, string Reason)
{
    public bool Passes => Verdict is "allow" or "would-deny";

    /// <summary>The hop that refuses, else the last one, as in a flow record.</summary>
    public static CellRuling Of(ExplainResult said)
    {
        var hop = said.Hops.FirstOrDefault(h => h.Verdict is "deny" or "reject" or "would-allow") ?? (said.Hops.Count > 0 ? said.Hops[^1] : null);
        return new(said.Verdict, hop?.Rule, hop is null ? null : $"{hop.Where} {hop.Vm}", said.Reason);
    }
}
