using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>One guarded vNIC with every number the kernel knows it by.</summary>
/// <param name="Record">Its nic record in the image.</param>
/// <param name="Realm">Number of the realm in the image.</param>
/// <param name="Budget">Index of its VM's budget record.</param>
/// <param name="Problem">Why the image denies everything to it; null = its rules judge.</param>
internal sealed record NicPlan(
    NicKey Key, string Vm, string Tenant, MacAddress Mac, NicGuard Guard, ImmutableArray<Address> Addresses, string SegmentName,
    uint Vnic, ushort Slot, ushort Segment, ushort Realm, ushort Budget, uint Epoch, int Record, string RulesetDigest, string? Problem)
{
    /// <summary>Null = it takes in nothing that ran before.</summary>
    public BookAdoption? Adoption { get; init; }
}
