using System.Collections.Immutable;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>Runs cases through an engine: any function from one packet to its verdict. The kernel engine passes its own.</summary>
public static class CaseRunner
{
    /// <summary>Expands every row to packets and compares; <paramref name="engine"/> is only a name for the result.</summary>
    public static ImmutableArray<CaseOutcome> Run(
        IEnumerable<CaseRow> rows, PolicySet policy, VmInventory inventory, string engine, Func<FlowQuestion, FlowVerdict> judge) =>
        throw new NotImplementedException();

    /// <summary>Every packet a row means, always in the same order.</summary>
    public static IEnumerable<FlowQuestion> Expand(CaseRow row, PolicySet policy, VmInventory inventory) => throw new NotImplementedException();

    /// <summary>The plain evaluator as an engine.</summary>
    public static Func<FlowQuestion, FlowVerdict> PlainEngine(PolicySet policy, VmInventory inventory) => throw new NotImplementedException();

    /// <summary>The compiled image of every host as an engine; throws <see cref="InvalidOperationException"/> over a limit.</summary>
    public static Func<FlowQuestion, FlowVerdict> ImageEngine(PolicySet policy, VmInventory inventory) => throw new NotImplementedException();
}
