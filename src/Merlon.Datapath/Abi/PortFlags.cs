namespace Merlon.Datapath.Abi;

/// <summary>Flags of a port record: <c>PORT_*</c>.</summary>
[Flags]
public enum PortFlags : byte
{
    None = 0,
    /// <summary>The start gate: everything is dropped.</summary>
    Closed = 1,
    /// <summary>No image bound to the slot: pass instead of drop.</summary>
    FailOpen = 2,
    /// <summary>Every frame is copied to the ring <c>captures</c>, with its verdict.</summary>
    Captured = 16,
    /// <summary>Answers to its DHCP requests go to the ring <c>claims</c>.</summary>
    LearnDhcp = 32,
    /// <summary>And so do addresses that it speaks for in ARP and ND and does not own.</summary>
    LearnArp = 64,
}
