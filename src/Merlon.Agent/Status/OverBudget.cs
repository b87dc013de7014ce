using System.Globalization;
using Merlon.Agent.Flows;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Status;

/// <summary>Looks each second which VMs were refused something by their budgets, rates or the pools: the alarm <c>over-budget</c> and, for the
/// flow log, a record <c>budget</c> name the VM, the budget and its top talker. On the mailbox's thread.</summary>
/// <param name="read">What the kernel has counted, by <see cref="NicPlan.Budget"/>.</param>
internal sealed class OverBudget(Func<ushort, BudgetRecord> read, Talkers talkers, Action<FlowRecordMessage> record, AlarmBoard alarms)
{
    private const string Code = "over-budget", More = "or let it have more: Guard.spec.budgets, Guard.spec.rates";

    // A look in which a deny record comes late, and one more.
    private const int Patience = 3;
    private readonly Dictionary<(string VmUuid, Reason Budget), Count> _counts = [];

    /// <param name="now">Boot clock.</param>
    public void Look(IEnumerable<NicPlan> nics, HostNames names, ClockOffset clock, ulong now)
    {
        var vms = nics.GroupBy(n => n.Key.VmUuid).ToDictionary(vm => vm.Key, vm => vm.ToList());
        foreach (var gone in _counts.Keys.Where(k => !vms.ContainsKey(k.VmUuid)).ToList()) _counts.Remove(gone);
        talkers.Keep(vms.Values.SelectMany(vm => vm.Select(n => n.Vnic)).ToHashSet());
        var subjects = new HashSet<string>();
        foreach (var vm in vms.Values)
        {
            var budget = read(vm[0].Budget);
            foreach (var kind in BudgetRecord.Budgets)
                if (Counted(vm, kind, budget.Refused(kind), now) is { Untold: > 0 } count)
                {
                    var subject = $"{vm[0].Key.VmUuid}|{kind.Text()}";
                    subjects.Add(subject);
                    var (message, mend) = Tell(vm, kind, count, names, clock, now);
                    alarms.Raise(Code, subject, message, mend, byGuest: true);
                }
        }
        alarms.Keep(Code, subjects);
    }

    /// <summary>The budgets that a VM was over in the last second, null = none.</summary>
    public IReadOnlyList<string>? Of(string vmUuid) =>
        BudgetRecord.Budgets.Where(b => _counts.GetValueOrDefault((vmUuid, b)) is { Quiet: 0 }).Select(b => b.Text()).ToList() is { Count: > 0 } over ? over : null;

    // What there was when the VM came in sight is an earlier agent's, or of an earlier VM with this number.
    private Count Counted(List<NicPlan> vm, Reason kind, uint refused, ulong now)
    {
        var key = (vm[0].Key.VmUuid, kind);
        if (!_counts.TryGetValue(key, out var count)) _counts[key] = count = new() { Refused = refused };
        if (count.Untold == 0) count.SinceNs = count.LookedNs;
        count.LookedNs = now;
        count.Quiet = count.Refused == refused ? count.Quiet + 1 : 0;
        count.Untold += unchecked(refused - count.Refused);
        count.Refused = refused;
        if (count is { Untold: 0, Quiet: > 1 }) talkers.Forget(vm.Select(n => n.Vnic), kind);
        return count;
    }

    // A record stands for all that was refused since the last one, whoever the peer. It waits a little for one.
    private (string Message, string Mend) Tell(List<NicPlan> vm, Reason kind, Count count, HostNames names, ClockOffset clock, ulong now)
    {
        var talk = talkers.Top(vm.Select(n => n.Vnic), kind);
        if (talk is not null || ++count.Waited == Patience)
        {
            var e = talk is { IsTop: true } top ? top.Example : WithoutPeer(vm[0], kind, talk);
            e.Packets[0] = count.Untold;
            (e.Bytes, e.CreatedNs, e.TimeNs) = (default, count.SinceNs, now);
            var told = FlowRecords.From(e, names, clock);
            told.Event = "budget";
            record(told);
            (count.Untold, count.Waited) = (0, 0);
        }
        return talk is { Unasked: true }
            ? ($"{vm[0].Vm} is being flooded ({kind.Text()}); {With(talk)}", $"until that ends nothing new is opened to it, nor by it; {(talk is { IsTop: true } ? "keep the sender out by a rule, " : "")}{More}")
            : ($"{vm[0].Vm} is over a budget ({kind.Text()}); {With(talk)}", $"only its own new connections suffer; look what it does, {More}");
    }

    private static string With(Talkers.Talk? talk) => talk switch
    {
        null => "no deny record tells with whom",
        { IsTop: true, Example: var e } => string.Create(CultureInfo.InvariantCulture, $"top talker: {e.Source.ToAddress()} > {e.Destination.ToAddress()} {Services.Text(e.Proto, e.DestinationPort)}"),
        _ => "no single peer",
    };

    // Its other end is the unspecified address.
    private static MerlonEvent WithoutPeer(NicPlan nic, Reason kind, Talkers.Talk? talk)
    {
        var (mine, like) = (nic.Addresses.IsEmpty ? default : AddressBytes.From(nic.Addresses[0]), talk?.Example);
        var e = new MerlonEvent { Type = EventType.Deny, Reason = kind, Verdict = like?.Verdict ?? Verdict.Deny, Flags = like?.Flags ?? EventFlags.None };
        if (talk is { Unasked: true }) (e.Destination, e.DestinationVnic) = (mine, nic.Vnic);
        else (e.Source, e.SourceVnic) = (mine, nic.Vnic);
        return e;
    }

    private sealed class Count
    {
        public uint Refused { get; set; }
        public ulong Untold { get; set; }
        public ulong SinceNs { get; set; }
        public ulong LookedNs { get; set; }
        /// <summary>Looks since the last refusal.</summary>
        public int Quiet { get; set; } = 1;
        /// <summary>Looks in which nothing told with whom.</summary>
        public int Waited { get; set; }
    }
}
