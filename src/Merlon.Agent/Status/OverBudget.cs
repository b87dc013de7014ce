using System.Globalization;
using Merlon.Agent.Flows;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;

namespace Merlon.Agent.Status;

/// <summary>Looks each second which VMs were refused something by their budgets, rates or the pools: the alarm <c>over-budget</c> and, for the
/// flow log, a record <c>budget</c> name the VM, the budget and its top talker. On the mailbox's thread.</summary>
/// <param name="read">What the kernel has counted, by <see cref="NicPlan.Budget"/>.</param>
internal sealed class OverBudget(Func<ushort, BudgetRecord> read, Talkers talkers, Action<FlowRecordMessage> record, AlarmBoard alarms)
{
    private readonly Dictionary<(string VmUuid, Reason Budget), Count> _counts = [];

    /// <param name="now">Boot clock.</param>
    public void Look(IEnumerable<NicPlan> nics, HostNames names, ClockOffset clock, ulong now)
    {
        var vms = nics.GroupBy(n => n.Key.VmUuid).ToDictionary(vm => vm.Key, vm => vm.ToList());
        foreach (var gone in _counts.Keys.Where(k => !vms.ContainsKey(k.VmUuid)).ToList()) _counts.Remove(gone);
        var messages = new Dictionary<string, string>();
        foreach (var vm in vms.Values)
        {
            var budget = read(vm[0].Budget);
            foreach (var kind in BudgetRecord.Budgets)
                if (Grown(vm, kind, budget.Refused(kind), now) is { } count)
                    messages[$"{vm[0].Key.VmUuid}|{kind.Text()}"] = Tell(vm, kind, count, names, clock, now);
        }
        alarms.Only("over-budget", messages, "only its own new connections suffer; look what it does, or let it have more: Guard.spec.budgets, Guard.spec.rates");
    }

    /// <summary>The budgets that a VM was over in the last second, null = none.</summary>
    public string? Of(string vmUuid) =>
        string.Join(", ", BudgetRecord.Budgets.Where(b => _counts.GetValueOrDefault((vmUuid, b)) is { Over: true }).Select(b => b.Text())) is { Length: > 0 } text ? text : null;

    // What there was when the VM came in sight is an earlier agent's, or of an earlier VM with this number.
    private Count? Grown(List<NicPlan> vm, Reason kind, uint refused, ulong now)
    {
        var key = (vm[0].Key.VmUuid, kind);
        if (!_counts.TryGetValue(key, out var count)) _counts[key] = count = new() { Refused = refused };
        if (count.Untold == 0) count.SinceNs = count.LookedNs;
        count.LookedNs = now;
        count.Untold += unchecked(refused - count.Refused);
        (count.Over, count.Refused) = (count.Refused != refused, refused);
        if (!count.Over) talkers.Forget(vm.Select(n => n.Vnic), kind);
        return count.Over ? count : null;
    }

    // A record stands for all that was refused since the last one, whoever the peer. Without a peer it waits for the next look.
    private string Tell(List<NicPlan> vm, Reason kind, Count count, HostNames names, ClockOffset clock, ulong now)
    {
        var said = $"{vm[0].Vm} is over a budget ({kind.Text()})";
        if (talkers.Top(vm.Select(n => n.Vnic), kind) is not { } top) return $"{said}; no deny record tells with whom";
        top.Packets[0] = count.Untold;
        (top.Bytes, top.CreatedNs, top.TimeNs) = (default, count.SinceNs, now);
        var told = FlowRecords.From(top, names, clock);
        told.Event = "budget";
        record(told);
        count.Untold = 0;
        return string.Create(CultureInfo.InvariantCulture, $"{said}; most of that: {told.Source.Address} > {told.Destination.Address} {Services.Text(top.Proto, top.DestinationPort)}");
    }

    private sealed class Count
    {
        public uint Refused { get; set; }
        public ulong Untold { get; set; }
        public ulong SinceNs { get; set; }
        public ulong LookedNs { get; set; }
        public bool Over { get; set; }
    }
}
