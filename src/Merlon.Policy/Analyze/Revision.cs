using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>What one side of a comparison is: all policy and all VMs, of every host.</summary>
public sealed record Revision(PolicySet Policy, VmInventory Vms);
