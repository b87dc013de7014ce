namespace Merlon.Datapath;

/// <summary>What the program did with a packet.</summary>
/// <param name="ReturnCode">-1 (TCX_NEXT) pass on, 2 (TCX_DROP) drop, 7 (TCX_REDIRECT).</param>
/// <param name="Packet">The packet as the program left it.</param>
/// <param name="DurationNs">Average of one run.</param>
public sealed record TestResult(int ReturnCode, byte[] Packet, uint DurationNs)
{
    public bool Passed => ReturnCode == -1;

    public bool Dropped => ReturnCode == 2;
}
