using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;

namespace Merlon.Controller.Rules;

/// <summary>The images of all hosts before and after a change, compiled once for all that a plan asks of them.</summary>
/// <param name="at">Unix seconds.</param>
internal sealed class BothImages(Revision before, Revision after, long at)
{
    public ImageEngine Before { get; } = new(before.Policy, before.Vms);

    public ImageEngine After { get; } = new(after.Policy, after.Vms);

    /// <summary>Of today.</summary>
    public VmInventory Vms => after.Vms;

    public long At => at;
}
