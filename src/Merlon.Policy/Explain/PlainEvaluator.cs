using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>The deliberately simple reading of the language, straight from model and inventory: the truth that the compiler is tested
/// against. It uses nothing of the rooms that resolve and compile.</summary>
public static class PlainEvaluator
{
    public static PlainAnswer Evaluate(PolicySet policy, VmInventory inventory, FlowQuestion question) => throw new NotImplementedException();
}
