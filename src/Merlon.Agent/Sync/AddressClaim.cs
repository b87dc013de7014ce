using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>A vNIC says that an address of a realm is its own.</summary>
internal sealed record AddressClaim(string Realm, Address Address, NicKey Nic, string Vm, bool Guarded);
