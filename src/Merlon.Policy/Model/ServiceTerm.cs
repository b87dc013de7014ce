namespace Merlon.Policy.Model;

/// <summary>One entry of a rule's services or a Service's members.</summary>
/// <param name="Name">A Service document or builtin; null = <paramref name="Match"/> says it.</param>
public sealed record ServiceTerm(string? Name, ServiceMatch Match, Position Position);
