using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>What from_vm tells to_vm of one packet: <c>merlon_handoff</c>. The agent only knows its size.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct HandoffRecord
{
    public uint Ifindex, Incarnation;
    public ulong Identity;
    public uint Generation, Vnic, Epoch, Rule, SourceClass, Flags, CandidateRule;
    private readonly uint _pad;
}
