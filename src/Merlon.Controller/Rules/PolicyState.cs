using System.Collections.Immutable;
using Merlon.Controller.Inventory;
using Merlon.Policy.Analyze;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Everything that is in force, at one instant: what every question is answered from.</summary>
/// <param name="Inventory">As the hosts describe it.</param>
/// <param name="Vms">What of it counts under <paramref name="Set"/>; policy is resolved against this.</param>
/// <param name="Plans">By host UUID; a host without one keeps what it has.</param>
/// <param name="Problems">Errors of the last resolving: why a host has no plan.</param>
internal sealed record PolicyState(
    PolicyDocuments Documents, PolicySet Set, InventoryView Inventory, VmInventory Vms, HostPolicies Hosts,
    ImmutableDictionary<string, HostPlan> Plans, ImmutableArray<Diagnostic> Problems)
{
    /// <summary>A change that waits for its confirmation; nothing else is committed meanwhile.</summary>
    public PolicyTrial? Trial { get; init; }

    /// <summary>Claims by traffic that were refused not long ago.</summary>
    public ImmutableArray<RefusedPin> RefusedPins { get; init; } = [];

    /// <summary>Leases that could not be pinned yet. In memory: after a restart their next word is waited for.</summary>
    public ImmutableArray<WaitingLease> WaitingLeases { get; init; } = [];

    /// <summary>What the analysis compares.</summary>
    public Revision Revision => new(Set, Vms);
}
