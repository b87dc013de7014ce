namespace Merlon.Controller.Flows;

/// <summary>Which flows are asked for; null = all. Everything given must hold.</summary>
/// <param name="Vm">Name or UUID of either end.</param>
/// <param name="Tenant">Tenant of either end.</param>
/// <param name="Rule">tenant/policy/rule, with or without @revision; any of the flow's rules.</param>
/// <param name="Since">The flow ended at or after this instant.</param>
public sealed record FlowFilter(string? Vm, string? Tenant, string? Verdict, string? Reason, string? Rule, string? Service, DateTimeOffset? Since)
{
    public static FlowFilter All { get; } = new(null, null, null, null, null, null, null);
}
