using Merlon.Policy.Resolve;

namespace Merlon.Contracts.Wire;

/// <summary>One VM's whole policy, as it travels inside the VM.</summary>
/// <param name="Installation">Sequences of different installations cannot be compared.</param>
/// <param name="Policy">Guards vNICs of this VM only, at least one.</param>
public sealed record VmDocument(string Installation, string VmUuid, ulong Sequence, HostPolicy Policy);
