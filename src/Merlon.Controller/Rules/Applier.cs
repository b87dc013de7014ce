using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Inventory;
using Merlon.Controller.Store;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>The one writer of policy: applies, deletes and inventory changes, one after the other, each checked whole and then committed
/// in one transaction. What is committed reaches the agents through the store's watch. Who waits for its turn holds no thread: a crowd
/// of applies keeps nobody else from being answered.</summary>
internal sealed class Applier : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly IStateStore store;
    private readonly HostInventories inventories;
    private readonly TimeProvider clock;
    private readonly ILogger<Applier> log;
    private readonly ConcurrentDictionary<string, ulong> met = new();
    private readonly PolicyHistory history;
    private (PolicySet? Set, VmInventory? Vms, ImmutableDictionary<NicKey, GuardDocument> Guards) bindings = (null, null, ImmutableDictionary<NicKey, GuardDocument>.Empty);
    private long week;
    private volatile PolicyState state;

    public Applier(IStateStore store, HostInventories inventories, TimeProvider clock, ILogger<Applier> log)
    {
        (this.store, this.inventories, this.clock, this.log) = (store, inventories, clock, log);
        var documents = PolicyDocuments.Load(store);
        var view = InventoryView.Build(inventories.All, AddressOwners.Load(store), AddressPins.Load(store));
        var check = new PolicyCheck(Now);
        var set = check.Build(documents) ?? throw new StartException($"the stored policy is not valid: {string.Join("; ", check.Diagnostics)}");
        history = new(store);
        state = new(documents, set, view, view.Vms, HostPolicies.Load(store), ImmutableDictionary<string, HostPlan>.Empty, []) { Trial = LoadTrial(documents) };
        Resolve(inventories.All, new());
    }

    /// <summary>What is in force.</summary>
    public PolicyState State => state;

    private long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    /// <param name="connections">Of <paramref name="request"/>; null = live connections that it forbids are cut.</param>
    /// <param name="cancel">Gives up while it waits for its turn; a commit is never broken off.</param>
    public async Task<ApplyResult> Apply(ApplyRequest request, ConnectionTerms? connections, string by, CancellationToken cancel)
    {
        var (files, parsed, refused) = Read(request);
        if (refused is not null) return refused;
        return await InTurn(() =>
        {
            if (request.Base is { } wanted) BaseMovedException.ThrowIfMoved(wanted, state.Documents.Revisions);
            return Commit(PolicyChange.Apply(state.Documents, files, parsed, request.Prune), new(by, connections?.Note(Now), request.ConfirmWithin, request.DryRun, Found: parsed.Diagnostics, Connections: connections, Unprotect: request.Unprotect));
        }, cancel);
    }

    /// <summary>What an apply would make of what is in force now; nothing is committed and nobody has to wait.</summary>
    public PolicyPreview Preview(ApplyRequest request, long at)
    {
        var (files, parsed, refused) = Read(request);
        var now = state;
        if (refused is not null) return new(now, null, null, now.Plans, refused.Diagnostics);
        var change = PolicyChange.Apply(now.Documents, files, parsed, request.Prune);
        var (check, set, vms, plans) = Check(now, change, null, new("", Unprotect: request.Unprotect), at);
        return new(now, change, set is not null && check.Ok ? new(set, vms) : null, plans, Records([.. parsed.Diagnostics, .. check.Diagnostics]));
    }

    /// <summary>Null when there is no such document.</summary>
    public Task<ApplyResult?> Delete(string reference, IReadOnlyList<string>? unprotect, string by, CancellationToken cancel) => InTurn(
        () => state.Documents.Entries.ContainsKey(reference) ? Commit(PolicyChange.Remove(state.Documents, reference), new(by, Unprotect: unprotect)) : null, cancel);

    /// <summary>The tenant's documents become those of an older revision, as a new one. Null when it never had that.</summary>
    public Task<ApplyResult?> Rollback(string tenant, long revision, IReadOnlyList<string>? unprotect, string by, CancellationToken cancel) => InTurn(
        () => history.Entries(state.Documents, tenant, revision) is { } entries
            ? Commit(PolicyChange.To(state.Documents, entries), new(by, $"rolled back to {revision}", Unprotect: unprotect)) : null, cancel);

    /// <summary>The change on trial stays for good. Null when there is none.</summary>
    public Task<ApplyResult?> Confirm(string by, CancellationToken cancel) => InTurn(() =>
    {
        if (state.Trial is not { } trial) return null;
        if (Now >= trial.ConfirmBy) throw TrialException.Over(trial);
        var check = new PolicyCheck(Now);
        var plans = check.Resolve(state.Set, state.Vms, Addressed(inventories.All.Keys, state.Documents), null, state.Inventory);
        var batch = new StateBatch().Remove(Keys.Trial);
        List<RevisionRecord> confirmed = [.. Moved(state.Documents, trial.State)
            .Select(r => RevisionWriter.Remark(r.Key, r.Value, by, "confirmed", clock.GetUtcNow(), batch))];
        var hosts = state.Hosts.With(plans, met, batch);
        store.Put(batch);
        state = state with { Trial = null, Hosts = hosts, Plans = plans };
        log.Applied(by, 0, hosts.Sequence);
        return new ApplyResult(true, confirmed, [], hosts.Sequence, Records(check.Diagnostics));
    }, cancel);

    /// <summary>Ends the change on trial: everything is as it was before. Null when there is none.</summary>
    /// <param name="due">Only one whose time is up.</param>
    public Task<ApplyResult?> EndTrial(string by, bool due, CancellationToken cancel) => InTurn(() =>
    {
        if (state.Trial is not { } trial || (due && Now < trial.ConfirmBy)) return null;
        var note = due ? $"rolled back: not confirmed by {trial.State.ConfirmBy:u}" : "rolled back before it was confirmed";
        return Commit(PolicyChange.To(state.Documents, Before(state.Documents, trial.State).Entries), new(by, note, Forced: true));
    }, cancel);

    /// <summary>Cuts a VM off, or sets another end. Null = it cannot be: none of its interfaces is guarded.</summary>
    /// <param name="seconds">Null = until it is lifted.</param>
    public Task<ApplyResult?> Isolate(VmPlace place, int? seconds, string by, CancellationToken cancel) => InTurn(() =>
    {
        if (!IsJudged(place)) return null;
        long? until = seconds is { } span ? Now + span : null;
        var management = state.Set.Groups.Any(g => g.Tenant == Document.Platform && g.Name == Isolation.Management);
        var manifest = Isolation.Manifest(place.Vm, management, until);
        var end = until is { } at ? TimeText.Format(at) : "it is lifted";
        return Commit(PolicyChange.Apply(state.Documents, [manifest], ManifestParser.Parse([manifest]), prune: false), new(by, $"isolates {place.Vm.Name} until {end}", Untested: true));
    }, cancel);

    /// <summary>Null = nothing isolates it.</summary>
    public Task<ApplyResult?> Lift(string vm, string by, CancellationToken cancel) => InTurn(
        () => state.Documents.Entries.FirstOrDefault(e => Isolation.VmOf(e.Value.Document) is { } name && (name == vm || e.Key == Isolation.Ref(vm))) is { Key: { } reference } entry
            ? Commit(PolicyChange.Remove(state.Documents, reference), new(by, $"lifts the isolation of {Isolation.VmOf(entry.Value.Document)}", Untested: true)) : null, cancel);

    /// <summary>Removes what has ended by itself: its rules are gone from every kernel already.</summary>
    public Task EndIsolations(string by, CancellationToken cancel) => InTurn(() =>
    {
        if (state.Trial is not null) return false;
        foreach (var (reference, entry) in state.Documents.Entries.Where(e => Isolation.HasEnded(e.Value.Document, Now)))
            Commit(PolicyChange.Remove(state.Documents, reference), new(by, $"the isolation of {Isolation.VmOf(entry.Document)} has ended", Forced: true));
        return true;
    }, cancel);

    /// <summary>Takes a host's whole inventory and resolves again: it is stored together with every policy that follows from it.</summary>
    public Task Take(string host, HostInventory inventory) => InTurn(() =>
    {
        var batch = new StateBatch();
        return Resolve(inventories.With(host, inventory, batch), batch);
    }, CancellationToken.None);

    /// <summary>Takes what a host's VMs claimed by their traffic. What is pinned of it is stored, and every policy that follows from it, before this returns.</summary>
    public Task Learn(string host, IReadOnlyList<LearnedClaim> claims) => InTurn(() =>
    {
        var court = Court();
        foreach (var claim in claims) court.Hear(host, claim);
        Keep(court.Refused);
        Keep(court.Waiting);
        return Pin(court);
    }, CancellationToken.None);

    /// <summary>Hears leases again that could not be pinned: their address is free now, or their Guard lets them learn it.</summary>
    public Task HearWaiting(CancellationToken cancel) => InTurn(() =>
    {
        if (state.WaitingLeases.IsEmpty) return false;
        var court = Court();
        foreach (var lease in state.WaitingLeases) court.HearAgain(lease);
        state = state with { WaitingLeases = [.. court.Waiting] };
        return Pin(court);
    }, cancel);

    private PinCourt Court() => new(state.Inventory, Bindings(), clock.GetUtcNow());

    // Worked out once for all claims under one policy and inventory: most of them change neither.
    private ImmutableDictionary<NicKey, GuardDocument> Bindings()
    {
        if (!ReferenceEquals(bindings.Set, state.Set) || !ReferenceEquals(bindings.Vms, state.Vms)) bindings = (state.Set, state.Vms, GuardBindings.Of(state.Set, state.Vms));
        return bindings.Guards;
    }

    private bool Pin(PinCourt court)
    {
        foreach (var (vm, address, by) in court.Learned) log.AddressLearned(vm, address.ToString(), AddressPins.Word(by));
        var put = PutPins(court.Pins, resolve: court.Learned.Count > 0);
        // Who was refused once and has it now is told of no longer.
        state = state with { RefusedPins = [.. state.RefusedPins.Where(r => !state.Inventory.Owners.Owners.TryGetValue((r.Realm, r.Address), out var owner) || owner != r.Nic)] };
        return put;
    }

    /// <summary>Frees what was leased and not renewed. Not on hosts that are away, or back only now: their agents may know of a renewal.</summary>
    public Task EndLeases(Func<string, bool> hasCaughtUp, CancellationToken cancel) => InTurn(() =>
    {
        var (now, places) = (clock.GetUtcNow(), state.Inventory.Places);
        return PutPins(state.Inventory.Pins.Without(p => AddressPins.IsOver(p.Value, now) && hasCaughtUp(places[p.Value.Nic.VmUuid].Host)), resolve: true);
    }, cancel);

    /// <summary>Frees a learned address in every realm. False = nobody has learned it.</summary>
    public Task<bool> Release(Address address, CancellationToken cancel) => InTurn(() =>
    {
        var pins = state.Inventory.Pins.Without(p => p.Key.Address == address);
        return PutPins(pins, resolve: true);
    }, cancel);

    /// <summary>Lays the schedules of the coming weeks out again when a week has begun.</summary>
    public Task FollowWeek(CancellationToken cancel) => InTurn(() => week == Horizon.WeekOf(Now) ? state : Resolve(inventories.All, new()), cancel);

    /// <summary>A host that is gone for good: its VMs, what they had claimed, and its policy are forgotten.</summary>
    public Task Forget(string host) => InTurn(() =>
    {
        store.Put(new StateBatch().Remove(Keys.Host + host).Remove(Keys.Inventory + host).Remove(Keys.HostPolicy + host));
        inventories.All = inventories.All.Remove(host);
        met.TryRemove(host, out _);
        state = state with { Hosts = state.Hosts with { Messages = state.Hosts.Messages.Remove(host) } };
        return Resolve(inventories.All, new());
    }, CancellationToken.None);

    /// <summary>An agent says which sequence it has in force. When that is above ours (our state is an older copy, or new), the next one
    /// must be above it, or the agent would rightly refuse it as old.</summary>
    public void Meet(string host, ulong sequence)
    {
        Expect.That(sequence <= Math.Max(HostPolicies.MaxSequence, state.Hosts.Sequence), "hello.sequence", $"{sequence} is out of range");
        met[host] = sequence;
    }

    /// <summary>Hosts that hold a policy we know nothing of, while no document is stored: they keep it until the first apply.</summary>
    public bool IsHeldBack(string host) => IsHeldBack(host, state.Documents);

    public void Dispose() => turn.Dispose();

    /// <summary>The documents of an apply, or why they cannot be ones.</summary>
    private (List<ManifestText> Files, ParseResult Parsed, ApplyResult? Refused) Read(ApplyRequest request)
    {
        var files = request.Files.Select(f => new ManifestText(f.Path, f.Text)).ToList();
        var parsed = ManifestParser.Parse(files);
        if (!parsed.Ok) return (files, parsed, Refused(PolicySet.Findings(parsed, state.Documents.Stored)));
        if (parsed.Documents.IsEmpty)
            return (files, parsed, Refused([new(Severity.Error, "no-documents", "there is no document in it", files[0].Path, 1, 1, "is it the right file?")]));
        var misplaced = PolicyChange.Misplaced(parsed).ToList();
        return (files, parsed, misplaced.Count > 0 ? Refused([.. parsed.Diagnostics, .. misplaced]) : null);
    }

    private async Task<T> InTurn<T>(Func<T> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            return work();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <param name="batch">What is to be stored with the outcome.</param>
    private PolicyState Resolve(ImmutableSortedDictionary<string, HostInventory> all, StateBatch batch, AddressPins? pins = null)
    {
        week = Horizon.WeekOf(Now);
        var view = InventoryView.Build(all, state.Inventory.Owners, pins ?? state.Inventory.Pins);
        var vms = MetadataTrust.Of(state.Set, view);
        var check = new PolicyCheck(Now);
        var plans = check.Resolve(state.Set, vms, Addressed(all.Keys, state.Documents), state.Trial, view);
        var problems = check.Diagnostics.Where(d => d.Severity == Severity.Error).ToImmutableArray();
        foreach (var problem in problems) log.CannotResolve(problem.ToString());
        view.Owners.Save(state.Inventory.Owners, batch);
        Save(view.Pins, batch);
        var hosts = state.Hosts.With(plans, met, batch);
        if (!batch.IsEmpty) store.Put(batch);
        inventories.All = all;
        return state = state with { Inventory = view, Vms = vms, Hosts = hosts, Plans = plans, Problems = problems };
    }

    private void Save(AddressPins pins, StateBatch batch)
    {
        var before = state.Inventory.Pins;
        pins.Save(before, batch);
        if (ReferenceEquals(pins, before)) return;
        foreach (var ((realm, address), pin) in before.Pins)
            if (!pins.Pins.ContainsKey((realm, address))) log.AddressLost(pin.Nic.VmUuid, pin.Nic.Index, address.ToString(), realm, AddressPins.Word(pin.By), pin.Since);
    }

    // False = they are as they were. Without resolving: only times have changed, and no policy tells them.
    private bool PutPins(AddressPins pins, bool resolve)
    {
        var batch = new StateBatch();
        pins.Save(state.Inventory.Pins, batch);
        if (batch.IsEmpty) return false;
        if (resolve)
        {
            Resolve(inventories.All, new(), pins);
            return true;
        }
        store.Put(batch);
        state = state with { Inventory = state.Inventory with { Pins = pins } };
        return true;
    }

    private void Keep(IReadOnlyList<RefusedPin> refused)
    {
        if (refused.Count == 0) return;
        var known = state.RefusedPins;
        // As many as are kept of a vNIC: who claims everything does not fill the log either.
        foreach (var claim in refused.Where(r => known.Count(k => k.Nic == r.Nic) < RefusedPin.MostOfNic && !known.Any(k => (k.Nic, k.Address, k.OwnerVm) == (r.Nic, r.Address, r.OwnerVm)))
            .DistinctBy(r => (r.Nic, r.Address)).GroupBy(r => r.Nic).SelectMany(g => g.Take(RefusedPin.MostOfNic)))
            log.ClaimRefused(claim.Vm, claim.Address.ToString(), AddressPins.Word(claim.By), claim.OwnerVm.Length > 0 ? $"it belongs to {claim.OwnerVm}" : $"it has learned {AddressPins.MostOfNic} already");
        state = state with
        {
            RefusedPins = [.. refused.Reverse().Concat(known).DistinctBy(r => (r.Nic, r.Realm, r.Address)).Where(r => r.At + RefusedPin.Told > clock.GetUtcNow())
                .GroupBy(r => r.Nic).SelectMany(g => g.Take(RefusedPin.MostOfNic))],
        };
    }

    private void Keep(IReadOnlyList<WaitingLease> waiting)
    {
        if (waiting.Count > 0)
            state = state with
            {
                WaitingLeases = [.. Enumerable.Reverse(waiting).Concat(state.WaitingLeases).DistinctBy(l => (l.Claim.Nic, l.Claim.Address))
                    .GroupBy(l => l.Claim.Nic).SelectMany(g => g.Take(WaitingLease.MostOfNic))],
            };
    }

    /// <summary>Some interface is guarded, and not only observed.</summary>
    private bool IsJudged(VmPlace place) => state.Plans.GetValueOrDefault(place.Host)?.Policy is { } policy
        && policy.Nics.Any(n => policy.Endpoints[n.Endpoint].Key.VmUuid == place.Vm.Uuid && n.Guard.Mode == Enforcement.Enforce);

    private bool IsHeldBack(string host, PolicyDocuments documents) =>
        documents.Entries.IsEmpty && met.GetValueOrDefault(host) > 0 && !state.Hosts.Messages.ContainsKey(host);

    private IEnumerable<string> Addressed(IEnumerable<string> hosts, PolicyDocuments documents) => hosts.Where(h => !IsHeldBack(h, documents));

    /// <summary>All that a change must pass, and what each host would get. No set: its documents do not make one.</summary>
    private (PolicyCheck Check, PolicySet? Set, VmInventory Vms, ImmutableDictionary<string, HostPlan> Plans) Check(
        PolicyState now, PolicyChange change, PolicyTrial? trial, CommitTerms terms, long at)
    {
        var check = new PolicyCheck(at);
        if (check.Build(change.Next) is not { } set) return (check, null, now.Vms, ImmutableDictionary<string, HostPlan>.Empty);
        var vms = MetadataTrust.Of(set, now.Inventory);
        if (!terms.Forced) check.Protect(now.Set, change, terms.Unprotect ?? []);
        var plans = check.Resolve(set, vms, Addressed(inventories.All.Keys, change.Next), trial, now.Inventory);
        if (terms is { Forced: false, Untested: false }) check.Test(now.Revision, new(set, vms), change);
        return (check, set, vms, plans);
    }

    private ApplyResult Commit(PolicyChange change, CommitTerms terms)
    {
        if (state.Trial is { } pending && !terms.Forced) throw TrialException.Pending(pending);
        var trial = terms.ConfirmWithin is { } within && change.Changed.Count > 0 ? new PolicyTrial(new(WholeSecond(clock.GetUtcNow().AddSeconds(within)), terms.By, state.Documents.Revisions), state.Set) : null;
        var (check, set, vms, plans) = Check(state, change, trial, terms, Now);
        IReadOnlyList<Diagnostic> diagnostics = [.. terms.Found ?? [], .. check.Diagnostics];
        if (set is null || (!check.Ok && !terms.Forced)) return Refused(diagnostics);
        var batch = new StateBatch();
        if (trial is not null) batch.Put(Keys.Trial, JsonSerializer.SerializeToUtf8Bytes(trial.State, StateJson.Default.TrialState));
        else if (state.Trial is not null) batch.Remove(Keys.Trial);
        var revisions = RevisionWriter.Write(change, terms.By, Note(change, terms), clock.GetUtcNow(), batch);
        // What could not be resolved before is part of this step too, and nobody asked to keep that.
        var hosts = state.Hosts.With(plans, met, batch, state.Problems.IsEmpty ? terms.Connections?.Step(Now, change.Tenants) : null);
        if (terms.DryRun) return new(false, revisions, [.. change.Changed], hosts.Sequence, Records(diagnostics));
        if (!batch.IsEmpty) store.Put(batch);
        state = state with { Documents = change.Next, Set = set, Vms = vms, Hosts = hosts, Plans = plans, Problems = [.. check.Diagnostics.Where(d => d.Severity == Severity.Error)], Trial = trial };
        log.Applied(terms.By, change.Changed.Count, hosts.Sequence);
        return new(true, revisions, [.. change.Changed], hosts.Sequence, Records(diagnostics), trial?.State.ConfirmBy);
    }

    /// <summary>Why, and which protected policies it was allowed to touch.</summary>
    private string? Note(PolicyChange change, CommitTerms terms)
    {
        string[] touched = [.. ProtectedPolicies.Touched(state.Set, change.Changed).Select(ProtectedPolicies.NameOf)];
        return touched.Length == 0 ? terms.Note : $"{(terms.Note is null ? "" : terms.Note + "; ")}unprotects {string.Join(", ", touched)}";
    }

    private PolicyTrial? LoadTrial(PolicyDocuments documents)
    {
        if (store.Get(Keys.Trial) is not { } value) return null;
        var trial = JsonSerializer.Deserialize(value.Value.Span, StateJson.Default.TrialState)!;
        return new(trial, new PolicyCheck(Now).Build(Before(documents, trial)) ?? throw new StartException("what was in force before the change that waits for its confirmation is not valid any more"));
    }

    /// <summary>Everything as it was before the trial.</summary>
    private PolicyDocuments Before(PolicyDocuments documents, TrialState trial) => Moved(documents, trial).Aggregate(documents,
        (all, tenant) => all with { Entries = history.Entries(all, tenant.Key, trial.Before.GetValueOrDefault(tenant.Key))! });

    private static IEnumerable<KeyValuePair<string, long>> Moved(PolicyDocuments documents, TrialState trial) =>
        documents.Revisions.Where(r => trial.Before.GetValueOrDefault(r.Key) != r.Value);

    private static DateTimeOffset WholeSecond(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds((at.ToUnixTimeMilliseconds() + 999) / 1000 * 1000);

    private ApplyResult Refused(IReadOnlyList<Diagnostic> diagnostics) => new(false, [], [], state.Hosts.Sequence, Records(diagnostics));

    private static List<DiagnosticRecord> Records(IEnumerable<Diagnostic> diagnostics) =>
        [.. diagnostics.Select(d => new DiagnosticRecord(d.Severity == Severity.Error ? "error" : "warning", d.Code, d.Message, d.File, d.Line, d.Column, d.Hint))];
}
