namespace Merlon.Cli.Commands.Lab;

/// <summary>One way, measured without Merlon and with it, and what the policy says of it.</summary>
/// <param name="Before">Null = not measured then.</param>
/// <param name="Verdict">What merlon explain says.</param>
/// <param name="Rule">The rule that decides; null where nobody judges.</param>
/// <param name="Where">out of VM, or into VM; null where nobody judges.</param>
/// <param name="Problem">Null = as it must be.</param>
internal sealed record ComparedCell(
    string From, string To, string Service, int Family, bool? Before, bool After,
    string Verdict, string? Rule, string? Where, string Reason, string? Problem);
