using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>One packet of a box, with the rule that decides about it before and after at the end where the change comes from.
/// Ports as in <see cref="ServiceMatch"/>.</summary>
/// <param name="Direction">The end the change comes from: out of the source, or into the destination.</param>
/// <param name="RuleBefore">Null = not guarded, or only observed.</param>
public readonly record struct Witness(
    string Realm, Address From, Address To, int Protocol, int DestinationPort, int SourcePort, Direction Direction, RuleRef? RuleBefore, RuleRef? RuleAfter)
{
    /// <summary>The packet as a question to a revision: an address is the vNIC that owns it there.</summary>
    public FlowQuestion Question(VmInventory vms, long at) => new(
        new(vms.Owner(Realm, From)?.Key, From), new(vms.Owner(Realm, To)?.Key, To), Protocol, DestinationPort, SourcePort, at);
}
