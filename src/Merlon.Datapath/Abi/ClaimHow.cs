namespace Merlon.Datapath.Abi;

/// <summary>What a claim was heard in: <c>CLAIM_*</c>.</summary>
public enum ClaimHow : byte
{
    Arp = 1,
    Nd = 2,
    /// <summary>Any answer that offers the VM an address.</summary>
    Dhcp4 = 3,
    /// <summary>A Reply; its addresses are in the options.</summary>
    Dhcp6 = 4,
}
