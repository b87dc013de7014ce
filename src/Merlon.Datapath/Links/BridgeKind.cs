namespace Merlon.Datapath.Links;

/// <summary>What a bridge does with frames of its ports.</summary>
public enum BridgeKind
{
    /// <summary>No bridge.</summary>
    None,
    /// <summary>It looks at nothing but MAC addresses, and remembers them for a minute or more.</summary>
    Plain,
    /// <summary>It looks at VLANs too, or forgets addresses soon.</summary>
    Sorting,
    /// <summary>It hands them to iptables, ip6tables or arptables.</summary>
    Filtering,
}
