using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Inventory;
using Merlon.Controller.Store;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>The one writer of policy: applies, deletes and inventory changes, one after the other, each checked whole and then committed
/// in one transaction. What is committed reaches the agents through the store's watch.</summary>
internal sealed class Applier
{
    private readonly Lock gate = new();
    private readonly IStateStore store;
    private readonly HostInventories inventories;
    private readonly TimeProvider clock;
    private readonly ILogger<Applier> log;
    private readonly Dictionary<string, ulong> met = [];
    private volatile PolicyState state;

    public Applier(IStateStore store, HostInventories inventories, TimeProvider clock, ILogger<Applier> log)
    {
        (this.store, this.inventories, this.clock, this.log) = (store, inventories, clock, log);
        var documents = PolicyDocuments.Load(store);
        var view = InventoryView.Build(inventories.All, AddressOwners.Load(store));
        var check = new PolicyCheck(Now);
        var set = check.Build(documents) ?? throw new StartException($"the stored policy is not valid: {string.Join("; ", check.Diagnostics)}");
        state = new(documents, set, view, view.Vms, HostPolicies.Load(store), ImmutableDictionary<string, HostPlan>.Empty, []);
        Reconcile();
    }

    /// <summary>What is in force.</summary>
    public PolicyState State => state;

    private long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    public ApplyResult Apply(ApplyRequest request, string by)
    {
        var files = request.Files.Select(f => new ManifestText(f.Path, f.Text)).ToList();
        var parsed = ManifestParser.Parse(files);
        if (!parsed.Ok) return Refused(parsed.Diagnostics);
        lock (gate)
        {
            var misplaced = PolicyChange.Misplaced(parsed).ToList();
            if (misplaced.Count > 0) return Refused([.. parsed.Diagnostics, .. misplaced]);
            var change = PolicyChange.Apply(state.Documents, files, parsed, request.Prune);
            return Commit(change, by, request.DryRun, parsed.Diagnostics);
        }
    }

    /// <summary>Null when there is no such document.</summary>
    public ApplyResult? Delete(string reference, string by)
    {
        lock (gate)
        {
            return state.Documents.Entries.ContainsKey(reference)
                ? Commit(PolicyChange.Remove(state.Documents, reference), by, false, [])
                : null;
        }
    }

    /// <summary>The inventory has changed: resolve again and send what is different.</summary>
    public void Reconcile()
    {
        lock (gate)
        {
            var view = InventoryView.Build(inventories.All, state.Inventory.Owners);
            var vms = MetadataTrust.Of(state.Set, view);
            var check = new PolicyCheck(Now);
            var plans = check.Resolve(state.Set, vms, Addressed(state.Documents));
            var problems = check.Diagnostics.Where(d => d.Severity == Severity.Error).ToImmutableArray();
            foreach (var problem in problems) log.CannotResolve(problem.ToString());
            var batch = new StateBatch();
            view.Owners.Save(state.Inventory.Owners, batch);
            var hosts = state.Hosts.With(plans, met, batch);
            if (!batch.IsEmpty) store.Put(batch);
            state = state with { Inventory = view, Vms = vms, Hosts = hosts, Plans = plans, Problems = problems };
        }
    }

    /// <summary>An agent says which sequence it has in force. When that is above ours (our state is an older copy, or new), the next one
    /// must be above it, or the agent would rightly refuse it as old.</summary>
    public void Meet(string host, ulong sequence)
    {
        Contracts.Wire.Expect.That(sequence <= HostPolicies.MaxSequence, "hello.sequence", $"{sequence} is out of range");
        lock (gate) met[host] = sequence;
    }

    /// <summary>Hosts that hold a policy we know nothing of, while no document is stored: they keep it until the first apply.</summary>
    public bool IsHeldBack(string host)
    {
        lock (gate) return IsHeldBack(host, state.Documents);
    }

    private bool IsHeldBack(string host, PolicyDocuments documents) =>
        documents.Entries.IsEmpty && met.GetValueOrDefault(host) > 0 && !state.Hosts.Messages.ContainsKey(host);

    private IEnumerable<string> Addressed(PolicyDocuments documents) => inventories.All.Keys.Where(h => !IsHeldBack(h, documents));

    private ApplyResult Commit(PolicyChange change, string by, bool dryRun, IReadOnlyList<Diagnostic> found)
    {
        var check = new PolicyCheck(Now);
        var set = check.Build(change.Next);
        var vms = state.Vms;
        var plans = ImmutableDictionary<string, HostPlan>.Empty;
        if (set is not null)
        {
            vms = MetadataTrust.Of(set, state.Inventory);
            check.Test(set, vms, change.Tenants);
            plans = check.Resolve(set, vms, Addressed(change.Next));
        }
        IReadOnlyList<Diagnostic> diagnostics = [.. found, .. check.Diagnostics];
        if (set is null || !check.Ok) return Refused(diagnostics);
        var batch = new StateBatch();
        var revisions = RevisionWriter.Write(change, by, clock.GetUtcNow(), batch);
        var hosts = state.Hosts.With(plans, met, batch);
        if (dryRun) return new(false, revisions, [.. change.Changed], hosts.Sequence, Records(diagnostics));
        if (!batch.IsEmpty) store.Put(batch);
        state = state with { Documents = change.Next, Set = set, Vms = vms, Hosts = hosts, Plans = plans, Problems = [] };
        log.Applied(by, change.Changed.Count, hosts.Sequence);
        return new(true, revisions, [.. change.Changed], hosts.Sequence, Records(diagnostics));
    }

    private ApplyResult Refused(IReadOnlyList<Diagnostic> diagnostics) => new(false, [], [], state.Hosts.Sequence, Records(diagnostics));

    private static List<DiagnosticRecord> Records(IEnumerable<Diagnostic> diagnostics) =>
        [.. diagnostics.Select(d => new DiagnosticRecord(d.Severity == Severity.Error ? "error" : "warning", d.Code, d.Message, d.File, d.Line, d.Column, d.Hint))];
}
