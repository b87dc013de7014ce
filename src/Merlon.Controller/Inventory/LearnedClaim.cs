using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>What a host says that a VM of its began to use, or was given.</summary>
/// <param name="Lease">DHCP; null = for ever, or learned otherwise.</param>
/// <param name="Age">How long ago.</param>
internal sealed record LearnedClaim(NicKey Nic, Address Address, LearnBy By, TimeSpan? Lease, TimeSpan Age);
