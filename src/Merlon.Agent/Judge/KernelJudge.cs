using System.Collections.Frozen;
using Merlon.Agent.Sync;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Policy.Compile;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Judge;

/// <summary>The kernel program as an engine of cases. Out and in are asked apart: a packet to nobody shows what the source's
/// side says, a packet through both hooks what the destination's says.</summary>
internal sealed class KernelJudge : IDisposable
{
    // The program's tables fill with what was asked; a new bench starts empty.
    private const int QuestionsPerBench = 8000;
    private static readonly MacAddress Nobody = new(0x02000000feed);

    private readonly string _objectPath;
    private readonly VmInventory _inventory;
    private readonly PolicySet _policy;
    private readonly VmInventory _oneHost;
    private readonly Dictionary<long, (HostPlan Plan, FrozenDictionary<uint, RuleRef> Rules)> _plans = [];
    private TestBench? _bench;
    private long? _at;
    private int _asked, _benches;

    public KernelJudge(PolicySet policy, VmInventory inventory, string objectPath)
    {
        (_objectPath, _inventory) = (objectPath, inventory);
        _policy = policy;
        _oneHost = new VmInventory([.. inventory.Vms.Select(v => v with { Host = "" })]);
    }

    public FlowVerdict Judge(FlowQuestion q)
    {
        var parties = FlowParties.Of(_inventory, q);
        var (plan, _) = PlanAt(q.At);
        var source = parties.From is { } f ? plan.Find(f.Key) : null;
        var destination = parties.To is { } t ? plan.Find(t.Key) : null;
        if (source is null && destination is null) return JudgedSide.Both(null, null, guarded: false);
        var bench = Bench(q.At);
        var near = parties.Near(source is { Guard.Frames.IsTrunk: true }, destination is { Guard.Frames.IsTrunk: true });
        JudgedSide? output = source is null ? null : Out(bench, source, near && !source.Guard.Untracked.IsNone ? destination : null, q);
        if (destination is null || output is { Passes: false }) return JudgedSide.Both(output, null, guarded: true);
        return JudgedSide.Both(output, In(bench, near ? source : null, destination, q, output), guarded: true);
    }

    public void Dispose() => _bench?.Dispose();

    /// <param name="near">Who has a word in it: the other end, where the source lets something pass without a connection.</param>
    private JudgedSide? Out(TestBench bench, NicPlan source, NicPlan? near, FlowQuestion q)
    {
        if (!source.Guard.Out) return null;
        return Asked(bench, q.At, Direction.Out, null, () =>
        {
            bench.FreshSegment();
            if (near is not null) bench.Place(near, bench.Destination, reachable: true);
            var vnic = bench.Place(source, bench.Source, reachable: near is not null);
            return bench.Run("from_vm", Frame(q, source.Mac, near?.Mac ?? Nobody), bench.Source, vnic);
        });
    }

    private JudgedSide? In(TestBench bench, NicPlan? source, NicPlan destination, FlowQuestion q, JudgedSide? output)
    {
        if (!destination.Guard.In) return null;
        return Asked(bench, q.At, Direction.In, output, () =>
        {
            bench.FreshSegment();
            var to = bench.Place(destination, bench.Destination, reachable: true);
            var frame = Frame(q, source?.Mac ?? Nobody, destination.Mac);
            if (source is not null) bench.Run("from_vm", frame, bench.Source, bench.Place(source, bench.Source, reachable: true));
            return bench.Run("to_vm", frame, bench.Destination, to);
        });
    }

    private static byte[] Frame(FlowQuestion q, MacAddress from, MacAddress to) =>
        Frames.Make(from, to, q.From.Address, q.To.Address, q.Protocol, q.DestinationPort, q.SourcePort);

    private JudgedSide Asked(
        TestBench bench, long at, Direction direction, JudgedSide? before, Func<(HookTrace Said, IReadOnlyList<MerlonEvent> Events)> run)
    {
        var rules = PlanAt(at).Rules;
        var (said, events) = run();
        var passed = said.Passed;
        if (events.Count == 0) return WithoutEvent(said, Name(rules, said.Rule), Judged(bench, rules, run));
        var e = events[^1];
        var rule = Name(rules, direction == Direction.Out ? e.OutRule : e.InRule);
        if (e.Type == EventType.Deny && e.Verdict is Verdict.Deny or Verdict.Reject) return new(e.Verdict, e.Reason.Text(), rule, passed);
        if (e.Flags.HasFlag(EventFlags.WouldAllow)) return new(Verdict.WouldAllow, e.Reason.Text(), Name(rules, e.CandidateRule), passed);
        if (e.Flags.HasFlag(EventFlags.WouldDeny) && !IsOnlyOuts(rules, e, before, () => Judged(bench, rules, run)))
            return new(Verdict.WouldDeny, said.Reason == Reason.UntrackedSyn ? Reasons.UntrackedSyn : Reasons.Observed, Name(rules, e.CandidateRule) ?? rule, passed);
        return new(Verdict.Allow, rule is null ? Reasons.Observed : Why(rule.Value), rule, passed);
    }

    private static JudgedSide WithoutEvent(HookTrace said, RuleRef? decided, List<RuleRef> judged)
    {
        var verdict = said.Passed ? Verdict.Allow : Verdict.Deny;
        if (judged.Count == 0) return new(verdict, said.Passed ? Reasons.DirectionNotGuarded : "silent", null, said.Passed);
        // The event is left to the other end: of two rules that were asked, the one that did not decide would have denied.
        if (said.Verdict == Verdict.WouldDeny) return new(Verdict.WouldDeny, Reasons.Observed, judged.Find(r => r != decided), true);
        return new(verdict, said.Reason == Reason.Untracked ? Reasons.Untracked : Why(judged[^1]), judged[^1], said.Passed);
    }

    // The open event at to_vm also says would-deny for what only the source's side would have denied: then that rule was hit
    // once, by it, and not again by the destination's.
    private static bool IsOnlyOuts(FrozenDictionary<uint, RuleRef> rules, MerlonEvent e, JudgedSide? before, Func<List<RuleRef>> judged) =>
        before is { Verdict: Verdict.WouldDeny } asked && Name(rules, e.CandidateRule) == asked.Rule && judged().Count(r => r == asked.Rule) < 2;

    private static string Why(RuleRef rule) => rule == RuleRef.Default ? Reasons.Default
        : rule is { Tenant.Length: 0, Policy: "builtin" } ? Reasons.Builtin : Reasons.Rule;

    private static RuleRef? Name(FrozenDictionary<uint, RuleRef> rules, uint id) =>
        id == 0 ? null : rules.TryGetValue(id, out var rule) ? rule : new("", "unknown", $"{id}", 0);

    // Runs once more and tells each rule as often as it judged: reading all counters is slow, events say it mostly.
    private static List<RuleRef> Judged(
        TestBench bench, FrozenDictionary<uint, RuleRef> rules, Func<(HookTrace Said, IReadOnlyList<MerlonEvent> Events)> run)
    {
        var before = rules.Keys.ToDictionary(id => id, bench.Hits);
        run();
        return [.. rules.SelectMany(r => Enumerable.Repeat(r.Value, (int)(bench.Hits(r.Key) - before[r.Key])))];
    }

    private TestBench Bench(long at)
    {
        if (_bench is null || ++_asked > QuestionsPerBench)
        {
            _bench?.Dispose();
            (_asked, _at) = (0, null);
            _bench = new(_objectPath, $"/sys/fs/bpf/merlon-judge-{Environment.ProcessId}-{++_benches}");
        }
        if (_at != at) _bench.Commit(PlanAt(at).Plan);
        _at = at;
        return _bench;
    }

    private (HostPlan Plan, FrozenDictionary<uint, RuleRef> Rules) PlanAt(long at)
    {
        if (_plans.TryGetValue(at, out var known)) return known;
        var resolved = Resolver.Resolve(_policy, _oneHost, "", 1, at).Policy;
        // Every verdict must make an event; what is logged decides nothing.
        var policy = resolved with { Nics = [.. resolved.Nics.Select(n => n with { Guard = n.Guard with { Log = Policy.Model.LogLevel.All } })] };
        var compiled = ImageCompiler.Compile(policy, at);
        if (compiled.Image is null) throw new AgentFault("over-limit", string.Join("; ", compiled.Errors), "make the policy smaller");
        var plan = Planner.Plan(HostBook.Empty, ClaimCourt.Settle(policy, HostBook.Empty.Owners), compiled.Image, at);
        var rules = compiled.Image.Rules.Select((rule, i) => (Id: plan.RuleIds[i], Rule: rule)).Concat(HostNames.Builtins)
            .ToFrozenDictionary(r => r.Id, r => r.Rule);
        return _plans[at] = (plan, rules);
    }
}
