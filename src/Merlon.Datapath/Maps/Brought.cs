using Merlon.Datapath.Abi;

namespace Merlon.Datapath.Maps;

/// <summary>What became of a connection that came inside a VM.</summary>
/// <param name="Joined">The other end is here and held it: nothing but the VM's own side was set.</param>
/// <param name="Refused">None = it has an entry.</param>
public readonly record struct Brought(bool Joined, Reason Refused);
