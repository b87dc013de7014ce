using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Merlon.Agent.Migration;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>Keeps the kernel's image equal to the newest policy that could be put into force. Each change is written to disk
/// first, then prepared, committed in one step and settled; docs/agent.md says what a crash between any two leaves.</summary>
/// <param name="wanted">The interfaces that a plan (null = no policy) wants guarded.</param>
/// <param name="compile">At an instant in Unix seconds.</param>
/// <param name="clock">Unix seconds.</param>
/// <param name="carried">Policies that came inside VMs, joined to the controller's.</param>
internal sealed class PolicyKeeper(
    IKernel kernel, PortKeeper ports, BookStore store, CarriedPolicies carried, Func<HostPlan?, IReadOnlyList<WantedPort>> wanted,
    Func<HostPolicy, long, CompileResult> compile, Func<long> clock, ILogger log)
{
    private readonly BookSweep _sweep = new();
    private HostPolicy? _policy;
    private long _at;
    private long? _nextChange;

    /// <summary>What the kernel was last seen to hold, by this agent's own doing; null = that must be read.</summary>
    private (HostPlan Plan, ImageStamp Stamp)? _held;

    /// <summary>The plan was made anew from what is on disk, and its classes may be numbered otherwise than in the kernel.</summary>
    private bool _recalled;

    public HostBook Book { get; private set; } = HostBook.Empty;

    /// <summary>In force; null = none yet.</summary>
    public HostPlan? Plan { get; private set; }

    /// <summary>Newest sequence received, in force or refused.</summary>
    public ulong Newest { get; private set; }

    /// <summary>Why <see cref="Newest"/> is not in force; null = it is.</summary>
    public string? Error { get; private set; }

    /// <summary>Until when the policy in force waits for its confirmation; null = it does not.</summary>
    public DateTimeOffset? ConfirmBy => _policy?.Trial is { } trial && !FellBack ? DateTimeOffset.FromUnixTimeSeconds(trial.ConfirmBy) : null;

    /// <summary>The newest policy was not confirmed in time: what was before it is in force.</summary>
    public bool FellBack => _policy?.Trial is { } trial && _at >= trial.ConfirmBy;

    /// <summary>The kernel judges by <see cref="Plan"/>, as read back.</summary>
    public bool InForce => Plan is not null && (Holds(Plan) || (_recalled && Book.Image is { } stamp && kernel.Holds(stamp, ImmutableDictionary<int, ulong>.Empty, Plan.Bind(), Plan.RuleIds.AsSpan())));

    /// <summary>Of this moment. Set before anything else happens.</summary>
    public Func<AdoptionTerms> Terms { get; set; } = () => AdoptionTerms.None;

    public double CompileMs { get; private set; }
    public double SwapMs { get; private set; }

    /// <summary>Takes up where the last agent stopped, without any change in the kernel where that holds the same already.</summary>
    public void Restore()
    {
        Book = store.Load();
        var numbers = kernel.Numbers();
        Book = Book with { NextVnic = Math.Max(Book.NextVnic, numbers.Vnic + 1), NextEpoch = Math.Max(Book.NextEpoch, numbers.Epoch + 1) };
        carried.Load();
        try
        {
            if (OnDisk() is not { } policy)
            {
                Reconcile();
                return;
            }
            Put(policy, null);
            Log.Restored(log, Plan!.Sequence, Plan.Nics.Length);
        }
        catch (Exception e) when (e is PolicyRefused or ContractException or InvalidProtocolBufferException)
        {
            Refuse(Book.Sequence, $"last-known-good cannot be used, the kernel keeps what it has: {e.Message}");
        }
    }

    /// <summary>Learns the plan of book and last-known-good and changes nothing, on disk or in the kernel: for a hook beside an agent that
    /// lives and does not answer. What the kernel really holds, <see cref="InForce"/> says.</summary>
    public void Recall()
    {
        Book = store.Load();
        carried.Load();
        try
        {
            if (OnDisk() is not { } policy) return;
            var at = clock();
            _policy = policy;
            (Plan, _at, _recalled) = (PlanOf(_policy, at), at, true);
        }
        catch (Exception e) when (e is PolicyRefused or ContractException or InvalidProtocolBufferException)
        {
            Refuse(Book.Sequence, $"last-known-good cannot be used: {e.Message}");
        }
    }

    // Without the policy that the book names, carried ones alone would let everybody else go.
    private HostPolicy? OnDisk() => store.ReadPolicy(Book) is { } bytes
        ? HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(bytes))
        : carried.IsEmpty || Book.PolicyFile is not null ? null : HostPolicy.Empty;

    /// <summary>Puts a received policy into force, or refuses it and keeps the one in force.</summary>
    public void Apply(HostPolicyMessage message)
    {
        var inForce = Plan?.Sequence ?? Book.Sequence;
        Newest = Math.Max(Newest, message.Sequence);
        try
        {
            if (message.Sequence < inForce) throw new PolicyRefused($"sequence {message.Sequence} is older than {inForce}");
            var policy = HostPolicyMessages.FromMessage(message, _policy);
            if (message.Sequence == inForce && Plan is not null)
            {
                var bytes = message.ToByteArray();
                if (!bytes.AsSpan().SequenceEqual(store.ReadPolicy(Book))) throw new PolicyRefused($"sequence {inForce} came again with other content");
                Error = null;
                return;
            }
            Put(policy, message.ToByteArray());
            foreach (var vm in carried.OutdatedBy(policy)) carried.Drop(vm); // they rule no longer
        }
        catch (Exception e) when (e is PolicyRefused or ContractException)
        {
            Refuse(message.Sequence, e.Message);
        }
    }

    /// <summary>The controller's policy guards an interface of this VM.</summary>
    public bool Names(string vmUuid) => _policy?.Nics.Any(n => _policy.Endpoints[n.Endpoint].Key.VmUuid == vmUuid) == true;

    /// <summary>Of the controller's policy in force; 0 = none.</summary>
    public ulong BaseSequence => _policy?.Sequence ?? 0;

    /// <summary>Changes what a VM carried here and puts what follows into force. Throws <see cref="KernelFault"/> when it cannot; all is as before
    /// then, since one VM's document must not stand in the way of everybody's next policy.</summary>
    public void Change(string vmUuid, Action change)
    {
        if (_policy is null && Book.PolicyFile is not null) throw new KernelFault(Error ?? "there is no policy on disk", null);
        var undo = carried.Undo(vmUuid);
        try
        {
            change();
            Put(_policy ?? HostPolicy.Empty, null);
        }
        catch (Exception e) when (e is PolicyRefused or IOException or UnauthorizedAccessException)
        {
            undo();
            throw new KernelFault(e.Message, e);
        }
    }

    /// <summary>What these VMs carry no longer rules: the controller has answered for them, or they are gone.</summary>
    public void Forget(IReadOnlyCollection<string> vms)
    {
        try
        {
            var dropped = vms.Where(carried.Drop).ToList(); // each of them is to go, not only the first
            if (dropped.Count > 0) Put(_policy ?? HostPolicy.Empty, null);
        }
        catch (PolicyRefused refused)
        {
            Refuse(BaseSequence, refused.Message);
        }
    }

    /// <summary>Compiles again when a rule's interval begins or ends; true = it did.</summary>
    public bool FollowTime()
    {
        if (_policy is null || _nextChange is not { } due || clock() < due) return false;
        try
        {
            Put(_policy, null);
        }
        catch (PolicyRefused e)
        {
            _nextChange = clock() + 10;
            Refuse(_policy.Sequence, $"the change of {DateTimeOffset.FromUnixTimeSeconds(due):u} cannot be made: {e.Message}");
        }
        return true;
    }

    /// <summary>Makes ports and attachments equal to what the plan in force wants.</summary>
    public void Reconcile()
    {
        var list = wanted(Plan);
        ports.Prepare(list, Plan);
        ports.Settle(list, Plan);
    }

    /// <summary>A VM is let go by hand: its time to take in what ran before is over, also when it is guarded again under the same plan.</summary>
    public void EndAdoption(string vmUuid)
    {
        if (Plan is not { } plan || !Book.Nics.Any(n => n.VmUuid == vmUuid && n.Adoption is not null)) return;
        plan = plan.WithoutAdoption(vmUuid);
        Book = Book with { Nics = plan.Book.Nics };
        store.Save(Book);
        Plan = plan;
    }

    /// <summary>Forgets names that nothing carries any more.</summary>
    public void Sweep()
    {
        if (Plan is null || (Book.Retired.Length == 0 && Book.Rules.Count == Plan.RuleIds.Length
            && Book.Budgets.Count == Plan.Nics.Select(n => n.Key.VmUuid).Distinct().Count())) return;
        var (book, freed) = _sweep.Sweep(Book, Plan, kernel.InUse());
        if (ReferenceEquals(book, Book)) return;
        foreach (var id in freed) kernel.ForgetRule(id);
        store.Save(book);
        Book = book;
    }

    /// <param name="bytes">Null = it is on disk already.</param>
    private void Put(HostPolicy policy, byte[]? bytes)
    {
        var started = Stopwatch.GetTimestamp();
        var at = clock();
        var plan = PlanOf(policy, at, bytes is null ? null : StepTo(policy, at));
        CompileMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var stays = Read(() => Stays(plan));
        var next = plan.Book with { Image = StampTo(stays) };
        if (bytes is not null) next = next with { PolicyFile = store.SavePolicy(policy.Sequence, bytes) };
        store.Save(next);
        // From here on the kernel may hold them, whatever throws: they stand for nothing else any more.
        Book = Book.WithCountersOf(next);
        Swap(plan, stays);
        (_policy, _at, _nextChange, Plan, Book, Error) = (policy, at, Earlier(carried.Join(policy).NextChange(at), next.NextCut), plan, next, null);
        Newest = Math.Max(Newest, policy.Sequence);
        store.RemoveOthers(Book);
        Log.Applied(log, policy.Sequence, plan.Nics.Length, plan.Image.Stats.RemoteClasses, CompileMs, SwapMs);
    }

    // What this agent has missed, or a change of the clock's that is due, is no part of the step.
    private ConnectionStep? StepTo(HostPolicy policy, long at) =>
        policy.Connections is { } step && step.From == Plan?.Sequence && !(at >= _nextChange) ? step : null;

    private static long? Earlier(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    private HostPlan PlanOf(HostPolicy policy, long at, ConnectionStep? step = null)
    {
        var claims = ClaimCourt.Settle(carried.Join(policy).At(at), Book.Owners);
        var compiled = compile(claims.Policy, at);
        if (compiled.Image is null) throw new PolicyRefused(string.Join("; ", compiled.Errors));
        return Planner.Plan(Book, claims, compiled.Image, at, step, Plan, Terms());
    }

    private void Swap(HostPlan plan, bool stays)
    {
        var list = wanted(plan);
        try
        {
            ports.Prepare(list, plan);
            if (!stays) Commit(plan);
        }
        catch (KernelFault fault)
        {
            Undo(fault);
            throw new PolicyRefused(fault.Message);
        }
        // They are guarded from here on, whatever fails: nobody's time to adopt begins anew.
        Book = Book with { Known = Book.KnownWith(plan.Nics.Select(n => n.Key)) };
        ports.Settle(list, plan);
    }

    private static T Read<T>(Func<T> kernel)
    {
        try
        {
            return kernel();
        }
        catch (KernelFault fault)
        {
            throw new PolicyRefused(fault.Message);
        }
    }

    /// <summary>The kernel judges by this plan already.</summary>
    private bool Stays(HostPlan plan)
    {
        var stamp = kernel.Stamp;
        var same = ChangeTo(plan) is { } change ? change.Words.Count == 0 && !change.Binds : Holds(plan);
        if (same) _held = (plan, stamp);
        return same;
    }

    private ImageStamp StampTo(bool stays) => stays ? kernel.Stamp : kernel.Stamp.Next();

    // From the first word on the kernel may hold either, until it was read.
    private void Commit(HostPlan plan)
    {
        var change = ChangeTo(plan);
        _held = null;
        var started = Stopwatch.GetTimestamp();
        var changed = change is not null && kernel.Change(change.Value.Words, plan.Bind());
        if (!changed) kernel.Commit(plan.Image.Words.AsSpan(), plan.Bind(), plan.RuleIds.AsSpan());
        SwapMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var stamp = kernel.Stamp;
        if (!(changed ? kernel.Holds(stamp, change!.Value.Words, plan.Bind(), plan.RuleIds.AsSpan()) : Holds(plan)))
            throw new KernelFault("the image read back differs from the one committed", null);
        _held = (plan, stamp);
    }

    /// <summary>What makes the plan of the image in force where members alone differ; null = more may.</summary>
    private (IReadOnlyDictionary<int, ulong> Words, bool Binds)? ChangeTo(HostPlan plan)
    {
        if (_held is not { } held || held.Stamp != kernel.Stamp || !held.Plan.RuleIds.AsSpan().SequenceEqual(plan.RuleIds.AsSpan())) return null;
        if (plan.Image.Words.ChangesSince(held.Plan.Image.Words) is not { } words) return null;
        return (words, !held.Plan.Bind().AsSpan().SequenceEqual(plan.Bind()));
    }

    // The book first, naming no image: whatever throws then, the next agent puts this policy into force and not the one that failed.
    private void Undo(KernelFault why)
    {
        Book = Book with { Image = null };
        store.Save(Book);
        try
        {
            if (Plan is null) return;
            var stays = Stays(Plan);
            Book = Book with { Image = StampTo(stays) };
            store.Save(Book);
            if (!stays) Commit(Plan);
        }
        catch (KernelFault again)
        {
            throw new PolicyRefused($"{why.Message}; what was before could not be put back: {again.Message}");
        }
        finally
        {
            Reconcile();
        }
    }

    private bool Holds(HostPlan plan) => kernel.Holds(plan.Image.Words.AsSpan(), plan.Bind(), plan.RuleIds.AsSpan());

    private void Refuse(ulong sequence, string reason)
    {
        Error = reason;
        Log.Refused(log, sequence, Plan?.Sequence ?? 0, reason);
    }
}
