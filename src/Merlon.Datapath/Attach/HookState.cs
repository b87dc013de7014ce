namespace Merlon.Datapath.Attach;

/// <summary>One hook of an interface, as the kernel tells it.</summary>
/// <param name="Present">This instance's present program is attached.</param>
/// <param name="First">No other program or filter sees packets before it.</param>
/// <param name="ProgramId">0 when not present.</param>
/// <param name="ProgramTag">The kernel's hash of the instructions, 16 hex digits; empty when not present.</param>
public sealed record HookState(bool Present, bool First, uint ProgramId, string ProgramTag)
{
    internal static HookState Absent { get; } = new(false, false, 0, "");
}
