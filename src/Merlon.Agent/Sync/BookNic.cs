using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>One guarded vNIC's numbers.</summary>
/// <param name="Stamp">What <paramref name="Epoch"/> stands for: ruleset digest, guard, place. Another stamp, another epoch.</param>
/// <param name="CutAt">Unix seconds: connections that an earlier step forbade and let go on get another epoch then; null = none of them is to be cut.</param>
/// <param name="Adoption">Null = none, or over.</param>
/// <param name="OnFailure">Its Guard's, for a start when the policy itself cannot be read.</param>
internal sealed record BookNic(
    string VmUuid, int Index, string Vm, string Tenant, uint Vnic, ushort Slot, uint Epoch, string Stamp, OnFailure OnFailure = OnFailure.Closed, long? CutAt = null,
    BookAdoption? Adoption = null);
