namespace Merlon.Agent.Sync;

/// <summary>A second claim on an address of a realm.</summary>
/// <param name="Owner">Name of the VM that was first.</param>
internal sealed record RefusedClaim(string Realm, string Address, string Owner, string Claimant);
