using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>Makes ports, MACs, owners and attachments equal to what is wanted, around a commit: <see cref="Prepare"/> before
/// it opens nothing, <see cref="Settle"/> after it opens and lets go. Both start from what the kernel says, so doing them
/// again after a crash at any step ends the same (docs/agent.md).</summary>
internal sealed class PortKeeper(IKernel kernel, ILogger log)
{
    // Distinct for every port of this boot, across agent restarts: the boot clock in ms only grows.
    private uint _incarnation = (uint)Environment.TickCount64;

    private readonly HashSet<int> _wrong = [];

    private bool _sharesFit = true;

    private HashSet<Way> _ways = [];

    // Listing hundreds of pins takes longer than everything else here: they are read once, and again when somebody else may have
    // changed what is attached.
    private Dictionary<int, (uint Incarnation, bool Live)>? _attached;

    private readonly Dictionary<int, string> _problems = [];

    // Hooks take longest, so they come on while a policy is on its way to the kernel; whoever looks at them waits for their end.
    private (HashSet<int> Ports, Task<IReadOnlyDictionary<int, KernelFault>> End)? _attaching;

    /// <summary>Why an interface is not as wanted, by ifindex.</summary>
    public IReadOnlyDictionary<int, string> Problems
    {
        get
        {
            WaitForHooks();
            return _problems;
        }
    }

    /// <summary>Interfaces where the program is missing or not first: attached again at the next <see cref="Prepare"/>.</summary>
    public void Distrust(IReadOnlyCollection<int> ifindexes)
    {
        _wrong.UnionWith(ifindexes);
        if (ifindexes.Count > 0) LookAgain();
    }

    /// <summary>Interfaces came or went, and attachments with them: what is attached is read anew at the next <see cref="Prepare"/>.</summary>
    public void LookAgain() => _attached = null;

    /// <summary>UUID of the VM whose ports copy what they see (docs/operations.md, Capture); null = none. An agent that died while it captured
    /// has a next one that captures nothing, and settles the ports so.</summary>
    public string? Captured { get; set; }

    /// <summary>Interfaces that the last <see cref="Prepare"/> met for the first time: what passed there before was judged by nobody.</summary>
    public IReadOnlyList<WantedPort> Newcomers { get; private set; } = [];

    public void Prepare(IReadOnlyList<WantedPort> wanted, HostPlan? plan)
    {
        if (_attaching?.End.IsCompleted == true) WaitForHooks(); // what failed is tried again below
        _problems.Clear();
        var have = kernel.Ports();
        // What changes loses its way first: no frame goes straight to a port that is being changed or let go.
        SetWays(Candidates(wanted, have).Where(_ways.Contains));
        if (plan is not null) PutOwners(plan);
        if (plan is not null) RemoveLost(plan);
        if (plan is not null) RemoveLicences(plan);
        if (plan is not null) PutLicences(plan.Nics);
        Newcomers = [.. wanted.Where(port => PutClosedUnlessSame(port, have))];
        if (plan is not null) KeepShares(plan);
        foreach (var vm in Budgets(wanted)) SetBudget(vm);
        if (plan is not null) kernel.SetAdoptions(wanted.Where(w => w.AdoptUntilNs > 0).ToDictionary(w => w.Plan!.Vnic, w => w.AdoptUntilNs));
        if (plan is not null) PutMacs(wanted);
        have = kernel.Ports();
        BeginAttaching([.. wanted.Select(p => (p.Ifindex, have[p.Ifindex].Incarnation)).Where(p => !HasHooks(p.Ifindex, p.Incarnation))]);
        _wrong.Clear();
        LetLeaversPass(wanted, have);
    }

    public void Settle(IReadOnlyList<WantedPort> wanted, HostPlan? plan)
    {
        // What no policy opens yet stays closed, with hooks or on the way to them.
        if (wanted.Any(p => p.Plan is not null && _attaching?.Ports.Contains(p.Ifindex) == true)) WaitForHooks();
        var have = kernel.Ports();
        var changed = false;
        foreach (var port in wanted) changed |= Open(port, have);
        if (plan is not null) RemoveMacs(wanted);
        var keep = wanted.Select(p => p.Ifindex).ToHashSet();
        foreach (var ifindex in Attached().Keys.Concat(have.Keys).Distinct().Where(i => !keep.Contains(i)).ToList())
            Release(ifindex, keepVnic: wanted.Any(w => w.Plan is { } p && p.Vnic == have.GetValueOrDefault(ifindex).Vnic));
        if (plan is not null) RemoveOwners(plan);
        if (changed) kernel.BumpTopology();
    }

    /// <summary>Ports that may judge for each other and send frames straight, as the host is now: nobody else's program, queue or filter is to be skipped. It asks for
    /// every port, so it is for the look of each second and not for an attach: a new port gets its way with the next one.</summary>
    public void KeepWays(IReadOnlyList<WantedPort> wanted)
    {
        WaitForHooks();
        var may = kernel.Obstacle is null ? Candidates(wanted, kernel.Ports()) : [];
        var alone = kernel.Alone([.. may.Select(w => w.Ifindex)]);
        SetWays(may.Where(w => alone.Contains(w.Ifindex)));
    }

    private void SetWays(IEnumerable<Way> ways)
    {
        _ways = [.. ways];
        kernel.SetWays([.. _ways.OrderBy(w => w.Ifindex)]);
    }

    // docs/packet-path.md, One look: open, not captured, not awaiting its VM, as wanted, on a plain bridge.
    private List<Way> Candidates(IReadOnlyList<WantedPort> wanted, IReadOnlyDictionary<int, PortRecord> have) =>
        [.. wanted.Where(p => p.Plan is not null && p.Domain != 0 && !_problems.ContainsKey(p.Ifindex)
            && have.TryGetValue(p.Ifindex, out var port) && (port.Flags & (PortFlags.Closed | PortFlags.Captured)) == 0 && port.Awaited == 0 && Equal(port, RecordOf(p, port)))
            .Select(p => Way.Of(p.Ifindex, have[p.Ifindex], p.Domain, p.Mtu, !p.Plan!.Guard.ShortCut))];

    /// <summary>Guards the interfaces of one VM whose guest does not run here yet, and touches nothing else: closed, attached, purged, read back,
    /// then opened, awaiting its first frame. Throws <see cref="KernelFault"/> at the first that is not as it must be; it stays closed.</summary>
    /// <param name="inForce">The kernel judges by the plan, as read back.</param>
    public void Admit(IReadOnlyList<WantedPort> starting, HostPlan plan, Func<bool> inForce)
    {
        WaitForHooks();
        LookAgain();
        var before = kernel.Ports();
        foreach (var port in starting)
            if (Attached().TryGetValue(port.Ifindex, out var at) && at.Live && before.TryGetValue(port.Ifindex, out var old) && old.Vnic != port.Plan!.Vnic)
                throw new KernelFault($"{port.Ifname} is guarded for another VM", null);
        PutOwners(plan);
        PutLicences(starting.Select(p => p.Plan!));
        // It starts: nothing of it ran before.
        foreach (var port in starting) kernel.EndAdoption(port.Plan!.Vnic);
        foreach (var port in starting) PutClosed(port, awaited: 1);
        // No connection goes there past the bridge any more.
        kernel.BumpTopology();
        KeepShares(plan);
        foreach (var vm in Budgets(starting)) SetBudget(vm);
        foreach (var port in starting) AttachEmpty(port);
        if (!inForce()) throw new KernelFault("the policy read back is not the one to be in force", null);
        foreach (var port in starting) PutMac(port);
        var have = kernel.Ports();
        foreach (var port in starting) Open(port, have);
        kernel.BumpTopology();
        have = kernel.Ports();
        foreach (var port in starting)
            if (!have.TryGetValue(port.Ifindex, out var now) || !Equal(now, RecordOf(port, now)))
                throw new KernelFault($"the record of {port.Ifname} read back is not the one written", null);
    }

    // A live attachment keeps its incarnation: under another one it would come off for a moment.
    private void PutClosed(WantedPort port, byte awaited)
    {
        var incarnation = Attached().TryGetValue(port.Ifindex, out var at) && at.Live ? at.Incarnation : unchecked(++_incarnation);
        var record = RecordOf(port, new() { Incarnation = incarnation, Awaited = awaited });
        record.Flags |= PortFlags.Closed;
        kernel.PutPort(port.Ifindex, record);
    }

    private void AttachEmpty(WantedPort port)
    {
        if (kernel.Attach([(port.Ifindex, kernel.Ports()[port.Ifindex].Incarnation)]).Result.Values.FirstOrDefault() is { } fault) throw fault;
        kernel.Purge(port.Ifindex);
        if (kernel.Check(port.Ifindex) is { } problem) throw new KernelFault($"{port.Ifname}: {problem}", null);
        _problems.Remove(port.Ifindex);
    }

    // As in WantedMacs: what another live vNIC holds stays its own.
    private void PutMac(WantedPort port)
    {
        var place = new MacPlace(port.Plan!.Mac, port.Plan.Segment);
        if (kernel.Macs().TryGetValue(place, out var holder) && holder.Vnic != port.Plan.Vnic && kernel.Check((int)holder.Ifindex) is null)
            _problems[port.Ifindex] = $"MAC {port.Plan.Mac} is another VM's on {port.Plan.SegmentName}";
        else kernel.PutMac(place, new((uint)port.Ifindex, port.Plan.Vnic));
    }

    // A VM that left has its share until nothing in the kernel names it: the book knows.
    private void KeepShares(HostPlan plan)
    {
        var fit = kernel.KeepShares(plan.Book.Budgets.Count);
        if (_sharesFit && !fit) Log.Notice(log, $"the connection tables are too small for the shares of {plan.Book.Budgets.Count} VMs: a VM may be refused within its share");
        _sharesFit = fit;
    }

    private static List<IGrouping<ushort, (uint Connections, uint HalfOpen, Rates Rates)>> Budgets(IReadOnlyList<WantedPort> ports) =>
        [.. ports.Where(p => p.Plan is not null).GroupBy(p => p.Plan!.Budget, p => VmBudgets.Of(p.Plan!.Guard))];

    // A budget is a VM's: of several vNICs with different Guards the most generous counts.
    private void SetBudget(IGrouping<ushort, (uint Connections, uint HalfOpen, Rates Rates)> vm) =>
        kernel.SetBudget(vm.Key, vm.Max(b => b.Connections), vm.Max(b => b.HalfOpen), vm.Select(b => b.Rates).Aggregate((a, b) => a.Or(b)));

    private Dictionary<int, (uint Incarnation, bool Live)> Attached()
    {
        if (_attached is { } known) return known;
        WaitForHooks(); // a port with one hook is not one that lost the other
        return _attached = new(kernel.Attached());
    }

    // True = it was not the same.
    private bool PutClosedUnlessSame(WantedPort port, IReadOnlyDictionary<int, PortRecord> have)
    {
        var known = have.TryGetValue(port.Ifindex, out var old);
        var record = RecordOf(port, old);
        if (known && IsSamePlace(old, record))
        {
            record.Flags |= old.Flags & PortFlags.Closed;
            if (!Equal(old, record)) kernel.PutPort(port.Ifindex, record);
            return false;
        }
        PutClosed(port, old.Vnic == record.Vnic ? old.Awaited : (byte)0);
        return true;
    }

    // Live ones are looked after by the verify loop, one by one.
    private bool HasHooks(int ifindex, uint incarnation) =>
        Attached().TryGetValue(ifindex, out var at) && at.Live && at.Incarnation == incarnation && !_wrong.Contains(ifindex);

    private void BeginAttaching(IReadOnlyList<(int Ifindex, uint Incarnation)> ports)
    {
        if (ports.Count == 0) return;
        var attached = Attached();
        WaitForHooks();
        _attaching = ([.. ports.Select(p => p.Ifindex)], kernel.Attach(ports));
        foreach (var (ifindex, incarnation) in ports) attached[ifindex] = (incarnation, true);
    }

    /// <summary>Returns when every hook that was begun is there, or <see cref="Problems"/> says why it is not.</summary>
    public void WaitForHooks()
    {
        if (_attaching is not { } attaching) return;
        _attaching = null;
        try
        {
            foreach (var (ifindex, fault) in attaching.End.Result) _problems[ifindex] = fault.Message;
        }
        finally
        {
            if (attaching.End is not { IsCompletedSuccessfully: true, Result.Count: 0 }) LookAgain();
        }
    }

    // As wanted. Whether its VM has spoken here, only the kernel knows: were it written as it was a moment ago, the next frame would clear it.
    private PortRecord RecordOf(WantedPort port, in PortRecord have)
    {
        var record = port.Record(have.Incarnation);
        record.Awaited = have.Awaited;
        if (Captured is { } vm && port.Plan?.Key.VmUuid == vm) record.Flags |= PortFlags.Captured;
        return record;
    }

    // The new image binds nothing to a leaver's slot: until it is detached it must pass, not drop.
    private void LetLeaversPass(IReadOnlyList<WantedPort> wanted, IReadOnlyDictionary<int, PortRecord> have)
    {
        var keep = wanted.Select(p => p.Ifindex).ToHashSet();
        foreach (var (ifindex, record) in have)
        {
            if (keep.Contains(ifindex) || record.Flags.HasFlag(PortFlags.FailOpen)) continue;
            var passing = record;
            passing.Flags |= PortFlags.FailOpen;
            kernel.PutPort(ifindex, passing);
        }
    }

    private bool Open(WantedPort port, IReadOnlyDictionary<int, PortRecord> have)
    {
        if (!have.TryGetValue(port.Ifindex, out var old) || _problems.ContainsKey(port.Ifindex)) return false;
        var record = RecordOf(port, old);
        if (Equal(old, record)) return false;
        kernel.PutPort(port.Ifindex, record);
        if (port.Plan is { } plan) Log.Guarded(log, port.Ifname, plan.Key.Index, plan.Vm);
        return true;
    }

    /// <summary>Lets an interface go: from now on it is as if Merlon were absent.</summary>
    /// <param name="keepVnic">The vNIC lives on under another ifindex: its entries stay.</param>
    public void Release(int ifindex, bool keepVnic)
    {
        WaitForHooks();
        var vnic = kernel.Ports().GetValueOrDefault(ifindex).Vnic;
        if (vnic != 0) kernel.EndAdoption(vnic);
        // Again when all is gone: its hooks may have stamped connections until then.
        kernel.BumpTopology();
        // First, so that no peer leaves an entry to a hook that is about to go.
        foreach (var (place, _) in kernel.Macs().Where(m => m.Value.Ifindex == (uint)ifindex)) kernel.RemoveMac(place);
        try
        {
            kernel.Detach(ifindex);
            _attached?.Remove(ifindex);
        }
        catch (KernelFault fault)
        {
            _problems[ifindex] = fault.Message;
            return;
        }
        kernel.RemovePort(ifindex);
        if (vnic != 0 && !keepVnic) kernel.ForgetVnic(vnic);
        kernel.BumpTopology();
        Log.Unguarded(log, ifindex);
    }

    /// <summary>True when the kernel's ports are not those wanted.</summary>
    public bool Differ(IReadOnlyList<WantedPort> wanted)
    {
        var have = kernel.Ports();
        return have.Count != wanted.Count
            || wanted.Any(w => !have.TryGetValue(w.Ifindex, out var port) || (w.Plan is not null && port.Flags.HasFlag(PortFlags.Closed)));
    }

    private void PutMacs(IReadOnlyList<WantedPort> wanted)
    {
        var have = kernel.Macs();
        foreach (var (place, holder) in WantedMacs(wanted))
            if (!have.TryGetValue(place, out var old) || old != holder) kernel.PutMac(place, holder);
    }

    private void RemoveMacs(IReadOnlyList<WantedPort> wanted)
    {
        var keep = WantedMacs(wanted);
        foreach (var place in kernel.Macs().Keys.Where(k => !keep.ContainsKey(k))) kernel.RemoveMac(place);
    }

    // Two guests with one MAC on a segment: the elder vNIC has it, the other is judged as an outside one.
    private Dictionary<MacPlace, MacHolder> WantedMacs(IReadOnlyList<WantedPort> wanted)
    {
        var macs = new Dictionary<MacPlace, MacHolder>();
        foreach (var port in wanted.Where(p => p.Plan is not null).OrderBy(p => p.Plan!.Vnic))
            if (!macs.TryAdd(new(port.Plan!.Mac, port.Plan.Segment), new((uint)port.Ifindex, port.Plan.Vnic)))
                _problems.TryAdd(port.Ifindex, $"MAC {port.Plan.Mac} is another VM's on {port.Plan.SegmentName}");
        return macs;
    }

    private void PutOwners(HostPlan plan)
    {
        var have = kernel.Owners();
        foreach (var ((address, realm), vnic) in WantedOwners(plan))
            if (have.GetValueOrDefault((address, realm)) != vnic) kernel.PutOwner(address, realm, vnic);
    }

    // Before the commit: with the new epoch its connections are judged again, and none may find the address its own still. A leaver's go
    // after it, since until then it is judged.
    private void RemoveLost(HostPlan plan)
    {
        var (keep, stay) = (WantedOwners(plan), plan.Nics.Select(n => n.Vnic).ToHashSet());
        foreach (var ((address, realm), vnic) in kernel.Owners())
            if (stay.Contains(vnic) && !keep.ContainsKey((address, realm))) kernel.RemoveOwner(address, realm);
    }

    private void RemoveOwners(HostPlan plan)
    {
        var keep = WantedOwners(plan);
        foreach (var (address, realm) in kernel.Owners().Keys.Where(k => !keep.ContainsKey(k))) kernel.RemoveOwner(address, realm);
    }

    private void PutLicences(IEnumerable<NicPlan> nics)
    {
        var have = kernel.Licences();
        foreach (var nic in nics.Where(n => !n.Guard.AntiSpoof.Licence.IsNone))
            if (!have.TryGetValue(nic.Vnic, out var old) || old != (nic.Slot, nic.Guard.AntiSpoof.Licence)) kernel.PutLicence(nic.Vnic, nic.Slot, nic.Guard.AntiSpoof.Licence);
    }

    // Before the commit, as with owners: what a new epoch judges again finds no licence that is gone, and no slot that is another's by then.
    private void RemoveLicences(HostPlan plan)
    {
        var keep = plan.Nics.Where(n => !n.Guard.AntiSpoof.Licence.IsNone).Select(n => n.Vnic).ToHashSet();
        foreach (var vnic in kernel.Licences().Keys.Where(v => !keep.Contains(v))) kernel.RemoveLicence(vnic);
    }

    private static Dictionary<(Address, uint), uint> WantedOwners(HostPlan plan)
    {
        var owners = new Dictionary<(Address, uint), uint>();
        foreach (var nic in plan.Nics)
            foreach (var address in nic.Addresses) owners[(address, nic.Realm)] = nic.Vnic;
        return owners;
    }

    private static bool IsSamePlace(in PortRecord a, in PortRecord b) =>
        a.Vnic == b.Vnic && a.Slot == b.Slot && a.Segment == b.Segment && a.Realm == b.Realm;

    private static bool Equal(in PortRecord a, in PortRecord b) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<PortRecord>(in a))
            .SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<PortRecord>(in b)));
}
