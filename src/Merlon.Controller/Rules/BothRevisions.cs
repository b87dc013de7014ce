using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>All hosts before and after a change, for all that a plan asks of them.</summary>
internal sealed class BothRevisions(AllHosts before, AllHosts after)
{
    public AllHosts Before => before;

    public AllHosts After => after;

    /// <summary>Of today.</summary>
    public VmInventory Vms => after.Vms;

    /// <summary>The instant of both, in Unix seconds.</summary>
    public long At => after.At;

    /// <summary>False = nothing that judges it is another, as the approvals of both ends rest on the same; or an end's host is over a limit, so that
    /// nobody here knows what it does.</summary>
    public bool MayDiffer(FlowQuestion packet)
    {
        var (from, to) = FlowParties.Of(Vms, packet);
        return Knows(from) && Knows(to) && (IsOther(from) || IsOther(to));
    }

    /// <summary>Side by side: each engine is one thread's.</summary>
    public IEnumerable<(FlowVerdict Was, FlowVerdict WillBe)> Judge(IReadOnlyList<FlowQuestion> packets)
    {
        FlowVerdict[] was = [], willBe = [];
        Parallel.Invoke(() => was = [.. packets.Select(before.Images.Judge)], () => willBe = [.. packets.Select(after.Images.Judge)]);
        return was.Zip(willBe);
    }

    private bool Knows(VmNic? nic) => nic is null || (before.Knows(nic) && after.Knows(nic));

    private bool IsOther(VmNic? nic) => nic is not null && before.Bound(nic)?.Stamp != after.Bound(nic)?.Stamp;
}
