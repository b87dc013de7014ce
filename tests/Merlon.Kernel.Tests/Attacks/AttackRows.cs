namespace Merlon.Kernel.Tests.Attacks;

/// <summary>Every attack of the suite; one row is one test.</summary>
public static class AttackRows
{
    public static IReadOnlyList<AttackRow> All { get; } = [.. SequenceAttacks.Rows, .. ErrorAttacks.Rows, .. SpoofAttacks.Rows, .. HeaderAttacks.Rows];
}
