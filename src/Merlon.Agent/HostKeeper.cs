using System.Diagnostics;
using Merlon.Agent.Gate;
using Merlon.Agent.Guests;
using Merlon.Agent.Link;
using Merlon.Agent.Migration;
using Merlon.Agent.Migration.Connections;
using Merlon.Agent.Status;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Maps;
using Merlon.Libvirt.Domains;
using Merlon.Policy.Compile;

namespace Merlon.Agent;

/// <summary>Keeps this host as its policy wants it. Everything here runs on the mailbox's thread, except what says otherwise.</summary>
internal sealed class HostKeeper
{
    private const int SweepEvery = 60;
    private readonly AgentOptions _options;
    private readonly IKernel _kernel;
    private readonly ILogger _log;
    private readonly Func<IReadOnlyList<HostLink>> _readLinks;
    private readonly HandAttachments _hand;
    private readonly GuestFile _guestFile;
    private readonly PortKeeper _ports;
    private readonly CarriedPolicies _carried;
    private readonly Arrival _arrival;
    private readonly List<Waiting> _waiting = [];
    private readonly Newcomers _newcomers = new();
    private readonly Residents _residents;
    private IReadOnlyList<HostLink> _links = [];
    private IReadOnlyList<HostLink> _looked = [];
    private HostInventory? _inventory;
    private HostPolicyMessage? _pending;
    private IReadOnlySet<string> _travelling = new HashSet<string>();
    private bool _libvirtAnswers;
    private long _policyCame;
    private int _ticks;
    private int _linksPosted;

    public HostKeeper(AgentOptions options, IKernel kernel, Func<IReadOnlyList<HostLink>> readLinks, ILogger log)
    {
        (_options, _kernel, _readLinks) = (options, kernel, readLinks);
        Box = new(log, () => KernelTurn.Wait(options.Paths));
        Alarms = new(TimeProvider.System, log);
        _hand = new(options.Paths.Var, options.Paths.Instance);
        _guestFile = new(options.Paths.Var);
        _ports = new(kernel, log);
        Papers = new(options.Paths);
        _carried = new(options.Paths.Var, Papers.Trusted, Papers.Installation);
        Policy = new(kernel, _ports, new(options.Paths.Var), _carried,
            FreshlyWanted, new HostCompiler().Compile, () => DateTimeOffset.UtcNow.ToUnixTimeSeconds(), log);
        _residents = new(Guests);
        Policy.Terms = () => new(BootClock.BootId, BootClock.NowNs, Guests.Interfaces(FreshLinks()), _residents.Ran);
        _arrival = new(Policy, _carried, Papers);
        Gate = new(Policy, _ports, FreshLinks);
        _log = log;
    }

    public Mailbox Box { get; }
    public AlarmBoard Alarms { get; }
    public GuestBook Guests { get; } = new();
    public PolicyKeeper Policy { get; }
    public StartGate Gate { get; }
    public HookProof Proof { get; } = new();
    public VmPapers Papers { get; }
    public IReadOnlyDictionary<int, string> PortProblems => _ports.Problems;

    /// <summary>Sends to the controller, if one is connected. Set before anything else happens.</summary>
    public Action<AgentMessage> Send { get; set; } = _ => { };

    /// <summary>Asks libvirt again: an interface came that no known guest has. Set before anything else happens.</summary>
    public Action AskGuests { get; set; } = () => { };

    /// <summary>Asks libvirt whether it calls the start gate. Set before anything else happens.</summary>
    public Action AskGate { get; set; } = () => { };

    /// <summary>Any thread may read it.</summary>
    public HostNames Names { get; private set; } = new(HostBook.Empty);

    public bool ControllerConnected { get; private set; }
    public bool LibvirtConnected => _libvirtAnswers;
    public double LastAttachMs { get; private set; }

    /// <summary>The guests are known: libvirt has spoken, now or to an earlier agent. Before that no inventory is sent, since an
    /// empty one would have every VM unguarded.</summary>
    public bool LibvirtKnown { get; private set; }

    /// <summary>Before the mailbox runs: takes over what is on disk and in the kernel.</summary>
    public void Start()
    {
        _hand.Load();
        LibvirtKnown = _options.LibvirtUri is null;
        if (_guestFile.Load() is { } guests && _options.LibvirtUri is not null)
        {
            Guests.SetDomains(guests);
            LibvirtKnown = true;
        }
        Guests.SetByHand(_hand.All);
        _links = _looked = _readLinks();
        Policy.Restore();
        if (Policy.Book.IsFresh) _residents.Found(_links);
        _ports.WaitForHooks(); // a hook's process ends after this, and its turn with it
        TellNewcomers();
        TellTrial();
        // A lost guests.json must not let a second claimant in: the book knows the first ones of the last policy.
        Guests.Owners = Policy.Book.Owners.SetItems(_guestFile.Owners);
        Names = new(Policy.Book);
        if (LibvirtKnown) _inventory = Guests.Inventory();
    }

    /// <summary>Works off <see cref="Box"/> until told to stop; what it began is at its end then.</summary>
    public void Run(CancellationToken stop)
    {
        Box.Run(stop);
        _ports.WaitForHooks();
    }

    /// <summary>libvirt's answer to which VMs there are.</summary>
    /// <param name="asked">When it was asked for, by <see cref="Environment.TickCount64"/>.</param>
    public void DomainsChanged(IReadOnlyList<DomainInfo> domains, long asked)
    {
        (LibvirtKnown, _libvirtAnswers) = (true, true);
        Alarms.Over("libvirt-down", "");
        Guests.SetDomains(_newcomers.Corrected([.. domains.Select(DomainGuests.From)], asked));
        var news = Papers.Look(domains.ToDictionary(d => d.Uuid, d => d.PolicyInside), Here());
        Alarms.Only("metadata-refused", domains.Where(d => d.Metadata.Refused is not null).ToDictionary(d => d.Uuid,
            d => $"the metadata urn:merlon:1 of {d.Name} does not count: {d.Metadata.Refused}"), "mend it with virsh metadata");
        GuestsChanged();
        Policy.Forget(_carried.NotAmong(Here(), asked));
        TellPapers();
        if (news && Policy.Plan is not null) Send(Report());
        // Whether its start succeeded: no event tells of one that did not.
        if (_newcomers.Unconfirmed) AskGuests();
    }

    /// <summary>A VM is about to start, maybe as nobody has seen it yet. Ends when a policy that knows it is in force, at once where none can come.</summary>
    /// <param name="came">When the hook asked, by <see cref="Environment.TickCount64"/>.</param>
    public Task Meet(Guest guest, long came)
    {
        Guests.AtGate(guest.Uuid, waits: true);
        if (!LibvirtKnown) return Task.CompletedTask;
        // Known or not: a list that was asked for before may not know it any more, or not yet.
        _newcomers.Meet(guest, came);
        if (Guests.Knows(guest)) return Task.CompletedTask;
        var told = _newcomers.Told;
        Guests.SetDomains(_newcomers.Corrected(Guests.Domains, asked: 0));
        GuestsChanged();
        // A refused claim may leave the inventory as it was: then nothing was told, and nothing follows.
        return ControllerConnected && _newcomers.Told != told ? _newcomers.InForce() : Task.CompletedTask;
    }

    /// <summary>Its hook has its answer, or went without one and has let the VM in by itself.</summary>
    public void Leave(Guest guest) => Guests.AtGate(guest.Uuid, waits: false);

    public void InventoryTaken(ulong number, ulong sequence)
    {
        _newcomers.Taken(number, sequence, Policy.Newest);
        ForgetAnswered();
        LeaveAlone();
    }

    private bool Answered => ControllerConnected && _newcomers.AllTaken(Policy.BaseSequence);

    private HashSet<string> Here() => [.. Guests.Domains.Select(d => d.Uuid)];

    // Whom the controller knows and does not want guarded runs as it runs. A VM at the gate is none of them yet.
    private void LeaveAlone()
    {
        if (Answered) _residents.LeftAlone(Policy.Plan, _links);
    }

    // The controller knows every VM of this host and has said which it guards: what these carried is older than that.
    private void ForgetAnswered()
    {
        if (_carried.IsEmpty || !Answered) return;
        Policy.Forget([.. Here().Where(_carried.Has)]);
        TellPapers();
    }

    /// <summary>A VM is about to start; its taps are there.</summary>
    /// <param name="inside">Text of the policy inside it; null = none.</param>
    public GateAnswer Pass(Guest guest, string? inside)
    {
        Guests.AtGate(guest.Uuid, waits: true); // without an agent nobody has met it
        var answer = Guarded(guest, inside);
        if (!answer.Start) _newcomers.Refuse(guest.Uuid);
        TellPapers();
        Log.Gate(_log, answer.Outcome, answer.Message);
        return answer;
    }

    private GateAnswer Guarded(Guest guest, string? inside)
    {
        try
        {
            _arrival.Consider(guest, inside, Answered && Guests.Knows(guest));
        }
        catch (KernelFault fault)
        {
            return StartGate.NotInForce(guest, Policy.Book, fault.Message);
        }
        Names = new(Policy.Book);
        return Gate.Pass(guest);
    }

    /// <summary>The controller's document for one VM.</summary>
    /// <param name="text">As <see cref="VmPapers.Want"/> has it.</param>
    public void TakeDocument(byte[] signed, string? text)
    {
        if (Papers.Want(signed, text, Here()) is { } refused) Log.DocumentRefused(_log, refused);
        TellPapers();
    }

    /// <summary>The policy could not be written into a VM.</summary>
    public void DocumentNotWritten(string vmUuid, string why)
    {
        Papers.WriteFailed(vmUuid, why);
        TellPapers();
    }

    private void TellPapers() => PaperAlarms.Update(Alarms, Guests, Papers, _carried, Policy);

    public void LibvirtLost(string reason, string mend)
    {
        Proof.Withdraw("libvirt does not answer");
        _libvirtAnswers = false;
        Alarms.Raise("libvirt-down", "", $"libvirt does not answer, VMs that start now are seen late: {reason}", mend);
    }

    /// <summary>Any thread: interfaces came, went or moved. One look answers any number of such events.</summary>
    public void LinksChanged()
    {
        if (Interlocked.Exchange(ref _linksPosted, 1) == 0) Box.Post(LookAtLinks);
    }

    private void LookAtLinks()
    {
        Volatile.Write(ref _linksPosted, 0);
        ReadLinks();
        var before = _looked;
        if (_links.SequenceEqual(before)) return; // up, down, counters: nothing to us
        _looked = _links;
        var known = Guests.Ifnames().Values.ToHashSet();
        if (_links.Except(before).Any(l => !known.Contains(l.Name))) AskGuests();
        Reconcile();
    }

    private IReadOnlyList<HostLink> FreshLinks()
    {
        ReadLinks();
        return _links;
    }

    private bool ReadLinks()
    {
        var links = _readLinks();
        if (links.SequenceEqual(_links)) return false;
        _links = links;
        _residents.Keep(links);
        _ports.LookAgain();
        return true;
    }

    /// <summary>Any thread. Only the newest of several that wait is put into force.</summary>
    public void Receive(HostPolicyMessage policy)
    {
        var came = Stopwatch.GetTimestamp();
        if (Interlocked.Exchange(ref _pending, policy) is null) Box.Post(() => ApplyPending(came));
    }

    /// <summary>Every second.</summary>
    public void Tick()
    {
        Verify();
        if (Policy.FollowTime()) AfterPolicy();
        if (++_ticks % SweepEvery == 0)
        {
            Policy.Sweep();
            Names = new(Policy.Book);
        }
    }

    public void ControllerChanged(bool connected, string? reason)
    {
        ControllerConnected = connected;
        if (connected)
        {
            Alarms.Over("controller-down", "");
            return;
        }
        _newcomers.GiveUp();
        Alarms.Raise("controller-down", "", $"the controller does not answer, the last policy stays in force: {reason}", "is merlon-controller running?");
    }

    /// <summary>The first thing a new session says, besides hello.</summary>
    public IReadOnlyList<AgentMessage> Greeting()
    {
        var messages = new List<AgentMessage>();
        if (_inventory is { } inventory) messages.Add(new() { Inventory = Numbered(inventory) });
        if (Policy.Plan is not null || Policy.Error is not null) messages.Add(Report());
        return messages;
    }

    /// <summary>Guards an interface by hand; the answer's task ends when a policy includes it.</summary>
    public Waiting Attach(AttachRequest request, long asked)
    {
        ReadLinks();
        var link = _links.FirstOrDefault(l => l.Name == request.Ifname)
            ?? throw new RequestRefused("no-interface", $"there is no interface {request.Ifname}", "see ip link");
        if (Guests.Domains.SelectMany(d => d.Nics.Select(n => (d.Name, n.Ifname))).FirstOrDefault(n => n.Ifname == request.Ifname) is { Name: { } vm })
            throw new RequestRefused("libvirt-owns-it", $"{request.Ifname} is an interface of {vm}, which libvirt manages", "guard it by a Guard in the policy");
        var attachment = _hand.Add(request, link.Master, Guests.Domains);
        var waiting = new Waiting(new(attachment.VmUuid, attachment.Index), attachment.Ifname, asked);
        _waiting.Add(waiting);
        GuestsChanged();
        Answer();
        return waiting;
    }

    /// <summary>Why an interface that was attached by hand is still closed, and the mend.</summary>
    public (string Why, string Mend) NoPolicyYet()
    {
        _ports.WaitForHooks(); // closed is what has hooks
        if (!LibvirtKnown) return ("libvirt has never answered this agent, so the controller was told of no VM yet", "start libvirtd, or run the agent with --libvirt none");
        return ControllerConnected
            ? ("no policy includes it yet", "does a Guard select the VM? see 'merlon get policy' and 'merlon status'")
            : ("the controller does not answer", "start merlon-controller");
    }

    public HandAttachment Detach(string ifname)
    {
        var removed = _hand.Remove(ifname);
        _waiting.RemoveAll(w => w.Ifname == ifname);
        Policy.EndAdoption(removed.VmUuid);
        ReadLinks();
        if (_links.FirstOrDefault(l => l.Name == ifname) is { } link) _ports.Release(link.Ifindex, keepVnic: false);
        GuestsChanged();
        return removed;
    }

    /// <summary>The ports of a VM, by name or UUID, copy every frame that they see from now on. Returns the UUID.</summary>
    public string Capture(string vm)
    {
        var found = Wanted().Select(w => w.Plan).OfType<NicPlan>().Where(p => p.Vm == vm || p.Key.VmUuid == vm).Select(p => p.Key.VmUuid).Distinct().ToList();
        if (found.Count == 0 && Guests.All.Any(g => g.Name == vm || g.Uuid == vm))
            throw new RequestRefused("not-guarded", $"{vm} is here and not guarded: no hook sees its frames", "does a Guard select it? see 'merlon get nic'");
        if (found.Count == 0) throw new RequestRefused("no-vm", $"there is no VM '{vm}' on this host", "see 'merlon get nic'");
        if (found.Count > 1) throw new RequestRefused("bad-request", $"{found.Count} VMs are named {vm}", "give the UUID");
        _ports.Captured = found[0];
        Reconcile();
        return found[0];
    }

    /// <summary>False when none was running.</summary>
    public bool EndCapture()
    {
        if (_ports.Captured is null) return false;
        _ports.Captured = null;
        Reconcile();
        return true;
    }

    public AgentMessage Report() => new() { Applied = Reports.Of(Policy, Guests, Wanted(), _kernel, _ports, Papers) };

    public IReadOnlyList<WantedPort> Wanted() => WantedPorts.Of(Policy.Plan, Guests, _hand.All, _links, _kernel);

    // By the links of this moment: a hook may have guarded one that no event has told of yet, which an older list would let go.
    private IReadOnlyList<WantedPort> FreshlyWanted(HostPlan? plan) => WantedPorts.Of(plan, Guests, _hand.All, FreshLinks(), _kernel);

    private void GuestsChanged()
    {
        Guests.SetByHand(_hand.All);
        var refused = Guests.Refused;
        // The controller is told first, so that it works meanwhile: killed here, nobody was answered, and the next agent tells it anew.
        // Neither claims nor their file may be judged by half of the guests.
        if (LibvirtKnown) TellInventory();
        _hand.Save();
        if (LibvirtKnown) _guestFile.Save(Guests.Domains, Guests.Owners);
        Reconcile();
        // A refused claim changes no inventory: nothing else would tell of it.
        if (Policy.Plan is not null && !refused.SequenceEqual(Guests.Refused)) Send(Report());
    }

    private HostInventory Numbered(HostInventory inventory)
    {
        var sent = inventory.Clone();
        sent.Number = _newcomers.NextNumber();
        return sent;
    }

    private void TellInventory()
    {
        var inventory = Guests.Inventory();
        if (!inventory.Equals(_inventory))
        {
            _inventory = inventory;
            Send(new() { Inventory = Numbered(inventory) });
        }
        PolicyAlarms.Update(Alarms, Policy.Plan, Guests);
    }

    private void ApplyPending(long came)
    {
        if (Interlocked.Exchange(ref _pending, null) is not { } policy) return;
        _policyCame = came;
        Policy.Apply(policy);
        AfterPolicy();
    }

    private void AfterPolicy()
    {
        Names = new(Policy.Book);
        // Their QEMUs get what their connections travel by, when libvirt is asked.
        var travelling = ConnectionDoor.Carried(Policy.Plan);
        if (!travelling.SetEquals(_travelling)) AskGuests();
        _travelling = travelling;
        if (Policy.Error is { } error)
            Alarms.Raise("policy-refused", "", $"policy {Policy.Newest} is not in force: {error}", "mend the policy and apply it again");
        else Alarms.Over("policy-refused", "");
        TellTrial();
        Answer();
        _newcomers.Settle(Policy.Newest);
        ForgetAnswered();
        LeaveAlone();
        PolicyAlarms.Update(Alarms, Policy.Plan, Guests);
        Send(Report());
    }

    private void TellTrial()
    {
        if (Policy.FellBack)
            Alarms.Raise("not-confirmed", "", $"policy {Policy.Plan!.Sequence} was not confirmed in time: what was before it is in force again", "apply it again and confirm it");
        else Alarms.Over("not-confirmed", "");
    }

    private void Reconcile()
    {
        Policy.Reconcile();
        TellNewcomers();
        Answer();
    }

    // The policy was there before them, and no hook had guarded them: what they sent and got so far was judged by nobody.
    private void TellNewcomers()
    {
        foreach (var port in _ports.Newcomers)
        {
            if (port.Plan is not { } plan || _hand.All.Any(h => h.Ifname == port.Ifname)) continue;
            var what = $"{port.Ifname} of {plan.Vm} was there before it was guarded: it passed no start gate";
            Alarms.Raise("no-gate", port.Ifname, what, "is libvirt's hook installed? see start-gate in 'merlon doctor'; a hot-plugged interface passes none yet");
            Alarms.Over("no-gate", port.Ifname);
            Proof.Withdraw(what);
            AskGate();
        }
    }

    private void Answer()
    {
        foreach (var waiting in _waiting.ToList())
        {
            var link = _links.FirstOrDefault(l => l.Name == waiting.Ifname);
            if (link is null || Policy.Plan?.Find(waiting.Key) is null || _ports.Problems.ContainsKey(link.Ifindex)) continue;
            waiting.Guarded(_policyCame);
            LastAttachMs = waiting.Done.Result;
            _waiting.Remove(waiting);
        }
    }

    // A link can vanish or come while its event is lost; a foreign hand can detach us or push in before us.
    private void Verify()
    {
        ReadLinks();
        var wanted = Wanted();
        var wrong = wanted.Select(p => (Port: p, Problem: _ports.Problems.GetValueOrDefault(p.Ifindex) ?? _kernel.Check(p.Ifindex)))
            .Where(w => w.Problem is not null).ToList();
        Alarms.Only("not-guarding", wrong.ToDictionary(w => w.Port.Ifname, w => $"{w.Port.Ifname} of {VmOf(w.Port)}: {w.Problem}"),
            "the agent attaches it again every second; find out who or what changes it");
        _ports.Distrust([.. wrong.Select(w => w.Port.Ifindex)]);
        if (wrong.Count > 0 || _ports.Differ(wanted))
        {
            Reconcile();
            wanted = Wanted();
        }
        _ports.KeepWays(wanted);
        // Only now: what ways say has just been looked at.
        _kernel.RenewLease();
    }

    private string VmOf(WantedPort port) => port.Plan?.Vm ?? _hand.All.FirstOrDefault(h => h.Ifname == port.Ifname)?.Vm ?? "a VM in no policy";
}
