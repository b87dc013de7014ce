using Merlon.Agent.Flows;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Links;
using Merlon.Datapath.Maps;

namespace Merlon.Agent.Status;

/// <summary>GET /v1/top: one look at what guarded VMs do. The time of the hooks is counted from the first look on, until nobody has looked for a
/// while, since counting costs every packet. On the mailbox's thread.</summary>
internal sealed class TopDoor(HostKeeper keeper, KernelDatapath datapath, EventPump pump, OverBudget overBudget) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private Timer? _rest;
    private ProgramTime? _time;

    public HostTraffic Look()
    {
        var time = _time ??= datapath.CountTime();
        (_rest ??= new(_ => keeper.Box.Post(Rest))).Change(s_patience, Timeout.InfiniteTimeSpan);
        var traffic = LinkTable.Traffic();
        return new((long)BootClock.NowNs, (long)datapath.Counters[Counter.ShortCut], (long)datapath.Counters[Counter.OneLook], time.Ns,
            [.. keeper.Wanted().Where(p => p.Plan is not null).GroupBy(p => p.Plan!.Key.VmUuid).Select(vm => Of([.. vm], traffic)).OrderBy(v => v.Vm, StringComparer.Ordinal)]);
    }

    public void Dispose()
    {
        _rest?.Dispose();
        Rest();
    }

    private void Rest()
    {
        _time?.Dispose();
        _time = null;
    }

    private VmTraffic Of(IReadOnlyList<WantedPort> ports, IReadOnlyDictionary<int, LinkTraffic> traffic)
    {
        var (carried, plan) = (ports.Select(p => traffic.GetValueOrDefault(p.Ifindex)).ToList(), ports[0].Plan!);
        var budget = datapath.Budgets.Get(plan.Budget);
        return new(plan.Vm, plan.Key.VmUuid, carried.Sum(t => t.ReceivedPackets), carried.Sum(t => t.SentPackets), carried.Sum(t => t.ReceivedBytes), carried.Sum(t => t.SentBytes),
            (int)budget.Connections, (int)budget.HalfOpen, (long)budget.Opened, ports.Sum(p => pump.Denied.GetValueOrDefault(p.Plan!.Vnic)), overBudget.Of(plan.Key.VmUuid));
    }
}
