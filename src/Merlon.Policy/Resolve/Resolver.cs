using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>Model + inventory to one host's <see cref="HostPolicy"/>. Pure: the order of the input changes nothing.</summary>
public static class Resolver
{
    /// <param name="host">Only this host's guarded vNICs become <see cref="HostPolicy.Nics"/>; the empty name is that of VMs without a stated host.</param>
    public static ResolveResult Resolve(PolicySet policy, VmInventory inventory, string host, ulong sequence) => throw new NotImplementedException();
}
