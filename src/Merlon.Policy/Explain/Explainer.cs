using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>Turns names into questions: <c>vm/x</c> (or a bare VM name or UUID), <c>group/x</c>, an address, <c>any</c>.</summary>
public static class Explainer
{
    public static Explanation Explain(PolicySet policy, VmInventory inventory, string from, string to, string service, int? sourcePort, long at) =>
        throw new NotImplementedException();
}
