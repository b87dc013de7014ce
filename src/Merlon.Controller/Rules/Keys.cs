namespace Merlon.Controller.Rules;

/// <summary>Keys and streams of the state store. Stored: never renamed.</summary>
internal static class Keys
{
    /// <summary>+ KIND/TENANT/NAME: <see cref="DocumentState"/>.</summary>
    public const string Document = "document/";

    /// <summary>+ TENANT: number of its newest revision.</summary>
    public const string Tenant = "tenant/";

    /// <summary>Newest sequence given to any HostPolicy.</summary>
    public const string Sequence = "sequence";

    /// <summary>+ host UUID: the HostPolicyMessage that it should have.</summary>
    public const string HostPolicy = "host-policy/";

    /// <summary>+ host UUID: its HostInventory, so that one host's policy does not forget another's VMs over a restart.</summary>
    public const string Inventory = "inventory/";

    /// <summary>+ host UUID: the name it goes by.</summary>
    public const string Host = "host/";

    /// <summary>Address claims: realm and address to vNIC.</summary>
    public const string AddressOwners = "address-owners";

    /// <summary>Learned addresses: a list of <see cref="Inventory.StoredPin"/>.</summary>
    public const string AddressPins = "address-pins";

    /// <summary><see cref="TrialState"/>, while a change waits for its confirmation.</summary>
    public const string Trial = "trial";

    /// <summary>Stream of <see cref="RevisionState"/>.</summary>
    public const string Revisions = "revisions";
}
