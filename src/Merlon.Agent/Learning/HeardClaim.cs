using Merlon.Policy.Model;

namespace Merlon.Agent.Learning;

/// <summary>An address that a vNIC began to use, or was given.</summary>
/// <param name="LeaseSeconds">DHCP: how long it was given for; <see cref="uint.MaxValue"/> = for ever. ARP: 0.</param>
/// <param name="TimeNs">Boot clock.</param>
internal readonly record struct HeardClaim(NicKey Nic, Address Address, LearnBy By, uint LeaseSeconds, ulong TimeNs);
