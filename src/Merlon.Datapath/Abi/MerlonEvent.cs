using System.Runtime.InteropServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>One record of the per-CPU rings: <c>merlon_event</c>. Ports in host order.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MerlonEvent
{
    /// <summary>Boot clock.</summary>
    public ulong TimeNs;
    /// <summary>Close: when it opened; deny: the first of the count.</summary>
    public ulong CreatedNs;
    /// <summary>Initiator, responder; deny: [0] is how many this record stands for.</summary>
    public Pair<ulong> Packets;
    public Pair<ulong> Bytes;
    public AddressBytes Source;
    public AddressBytes Destination;
    public ushort SourcePort;
    public ushort DestinationPort;
    public EventType Type;
    public byte Proto;
    public Reason Reason;
    private byte _verdict;
    /// <summary>0 = unknown or outside.</summary>
    public uint SourceVnic, DestinationVnic;
    /// <summary>Host rule ids; 0 = not judged here.</summary>
    public uint OutRule, InRule;
    public ushort Segment;
    public EventFlags Flags;
    public ConnState EndState;
    public uint CandidateRule;

    public Verdict Verdict { readonly get => (Verdict)_verdict; set => _verdict = (byte)value; }
}
