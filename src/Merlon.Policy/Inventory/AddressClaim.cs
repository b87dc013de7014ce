using Merlon.Policy.Model;

namespace Merlon.Policy.Inventory;

/// <summary>A second claim on an address of a realm, refused: <paramref name="Owner"/> keeps it.</summary>
public sealed record AddressClaim(string Realm, Address Address, NicKey Owner, string OwnerVm, NicKey Claimant, string ClaimantVm);
