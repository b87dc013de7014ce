using Merlon.Datapath.Abi;

namespace Merlon.Datapath.Maps;

/// <summary>An entry as the kernel has it, seen from one of its ends.</summary>
/// <param name="Key">IPv4 addresses mapped.</param>
/// <param name="Side">0 a, 1 b.</param>
public readonly record struct HeldConnection(ConnKey6 Key, ConnRecord Record, int Side);
