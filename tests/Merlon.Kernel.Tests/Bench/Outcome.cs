using Merlon.Datapath.Abi;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>What became of a frame: passed everything it met, or dropped at a hook for a reason.</summary>
public readonly record struct Outcome(bool Passed, string Hook, Reason Reason)
{
    public static Outcome Pass => new(true, "", Reason.None);

    public override string ToString() => Passed ? "passed" : $"dropped at {Hook}: {Reason}";
}
