namespace Merlon.Policy.Model;

/// <summary>What a vNIC is to the two ports of a TCP packet that its Guard lets pass without a connection. Values: UNTRACKED_* of datapath/abi.h.</summary>
public enum UntrackedRole
{
    /// <summary>Neither: the packet is tracked.</summary>
    None = 0,

    /// <summary>It listens on its own port.</summary>
    Serves = 1,

    /// <summary>It connects out to the other end's port.</summary>
    Asks = 2,
}
