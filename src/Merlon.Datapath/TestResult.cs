namespace Merlon.Datapath;

/// <summary>What the program did with a packet.</summary>
/// <param name="ReturnCode">-1 (TCX_NEXT) pass on, 2 (TCX_DROP) drop, 7 (TCX_REDIRECT).</param>
/// <param name="Packet">The packet as the program left it.</param>
/// <param name="DurationNs">Average of one run.</param>
public sealed record TestResult(int ReturnCode, byte[] Packet, uint DurationNs)
{
    public bool Passed => ReturnCode == -1;

    /// <summary>Not passed on: dropped, or answered in place of it.</summary>
    public bool Dropped => ReturnCode is 2 or 7;

    /// <summary>A rule rejected it: <see cref="Packet"/> is the answer.</summary>
    public bool Answered => ReturnCode == 7;
}
