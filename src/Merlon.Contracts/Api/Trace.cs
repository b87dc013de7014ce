namespace Merlon.Contracts.Api;

/// <summary>What one hook of the kernel said to a test packet.</summary>
/// <param name="Hook">from_vm or to_vm.</param>
/// <param name="Passes">The packet would go on.</param>
/// <param name="Rule">The rule that decided; null = none did.</param>
public sealed record TraceHop(string Hook, string Vm, int Nic, bool Passes, string Verdict, string Reason, string? Rule);

/// <summary>The hooks of one host that a test packet met.</summary>
/// <param name="Disturbed">A real packet came between the two hooks: the answer of the second counts for nothing.</param>
public sealed record TraceHops(IReadOnlyList<TraceHop> Hops, bool Disturbed);

/// <summary>A test packet through the live program, beside what the policy says to it.</summary>
/// <param name="Differences">Where the kernel and the policy disagree; empty = nowhere.</param>
public sealed record TraceResult(ExplainResult Explain, IReadOnlyList<TraceHop> Hops, IReadOnlyList<string> Differences);
