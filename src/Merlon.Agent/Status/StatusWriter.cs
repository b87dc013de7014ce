using System.Diagnostics;
using Merlon.Agent.Flows;
using Merlon.Agent.Learning;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Status;

/// <summary>Writes the records that both doors serve. On the mailbox's thread.</summary>
internal sealed class StatusWriter(AgentOptions options, HostKeeper keeper, KernelDatapath datapath, DatapathOptions sizes, FlowQueue flows, EventPump pump, ClaimPump learning, Func<string> hostUuid)
{
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly Dictionary<string, ulong> _lostBefore = [];

    public static string Version { get; } = typeof(StatusWriter).Assembly.GetName().Version?.ToString(3) ?? "0";

    public HostStatus Status()
    {
        var lost = (long)pump.Lost;
        Losing("kernel", (ulong)lost, "log fewer connections (Guard.spec.log)", byGuest: true);
        Losing("agent", flows.Lost, "is the controller away or slow?", byGuest: false);
        var plan = keeper.Policy.Plan;
        var interfaces = keeper.Wanted().Select(Interface).OrderBy(i => i.Ifname, StringComparer.Ordinal).ToList();
        return new(
            options.Host, hostUuid(), options.Paths.Instance, Version, (int)AbiLimits.Version, keeper.LibvirtConnected, keeper.ControllerConnected,
            plan?.Sequence ?? 0, keeper.Policy.Newest, plan?.Image.Digest ?? "", keeper.Guests.All.Count(), keeper.Guests.All.Sum(g => g.Nics.Count),
            interfaces.Count(i => i.Attached), Entries(), sizes.Connections4 + sizes.Connections6, lost, (long)flows.Lost, flows.Count,
            keeper.Policy.SwapMs, keeper.LastAttachMs, Resident(), _started, keeper.Alarms.List(), interfaces, keeper.Policy.ConfirmBy,
            options.LibvirtUri is null ? null : keeper.Proof.Record, learning.Held);
    }

    public IReadOnlyList<NicRecord> Nics()
    {
        var ports = keeper.Wanted().Where(w => w.Plan is not null).ToDictionary(w => w.Plan!.Key);
        return [.. keeper.Guests.All.SelectMany(g => g.Nics.Select(n => Nic(g, n, ports.GetValueOrDefault(new(g.Uuid, n.Index)))))];
    }

    public IReadOnlyList<ConnectionRecord> Connections(string vm, int limit) =>
        ConnectionRecords.Of(datapath.Connections.List(), vm, limit, keeper.Names, keeper.Policy.Book.Nics.ToDictionary(n => n.Vnic, n => n.Epoch));

    /// <summary>Rules that have judged anything.</summary>
    public IReadOnlyList<RuleHitRecord> RuleHits() =>
        [.. keeper.Names.Rules.Select(r => (Name: r.Value, Hits: datapath.Counters.RuleHits(r.Key))).Where(r => r.Hits != default)
            .Select(r => new RuleHitRecord(r.Name, (long)r.Hits.Decided, (long)r.Hits.Would))
            .OrderBy(r => r.Rule, StringComparer.Ordinal)];

    // Losses of the past stay in the counters; the alarm is for those that go on.
    private void Losing(string where, ulong lost, string mend, bool byGuest)
    {
        if (lost > _lostBefore.GetValueOrDefault(where)) keeper.Alarms.Raise("events-lost", where, $"events are being lost in the {where}, {lost} so far", mend, byGuest);
        else keeper.Alarms.Over("events-lost", where);
        _lostBefore[where] = lost;
    }

    private NicStatus Interface(WantedPort port)
    {
        var problem = Problem(port) ?? port.Plan?.Problem;
        var state = datapath.Attacher.Verify(port.Ifindex);
        var name = keeper.Names.Nic(port.Plan?.Vnic ?? 0);
        return new(port.Ifname, port.Ifindex, name?.Vm ?? "", name?.VmUuid ?? "", name?.Index ?? 0, state.Present, state.First,
            port.Plan?.RulesetDigest ?? "", port.Plan?.Epoch ?? 0, problem);
    }

    private NicRecord Nic(Guests.Guest guest, Guests.GuestNic nic, WantedPort? port)
    {
        var plan = keeper.Policy.Plan?.Find(new NicKey(guest.Uuid, nic.Index));
        var problem = port is not null ? Problem(port) : nic.CannotGuard;
        return new(nic.Index, nic.Mac, nic.Network, nic.Ifname, nic.Addresses, plan?.Guard.Name, port is not null && problem is null,
            plan?.RulesetDigest, port is not null && problem is null ? plan?.RulesetDigest : null, problem ?? plan?.Problem, guest.Name,
            AdoptsUntil: port is { AdoptUntilNs: var until } && until > BootClock.NowNs ? BootClock.ToUtc(until) : null);
    }

    private string? Problem(WantedPort port) => port.Plan is null
        ? "closed: no policy includes it yet"
        : keeper.PortProblems.GetValueOrDefault(port.Ifindex) ?? datapath.Attacher.Verify(port.Ifindex).Problem;

    private int Entries() => (int)Math.Max(0, (long)datapath.Counters[Counter.ConnOpened] - (long)datapath.Counters[Counter.ConnExpired]);

    private static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
