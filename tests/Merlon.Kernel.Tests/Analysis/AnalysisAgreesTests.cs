using Merlon.Fast.Tests.Policy;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Analyze;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Xunit;
using static Merlon.Kernel.Tests.Analysis.SmtLine;

namespace Merlon.Kernel.Tests.Analysis;

/// <summary>The analysis says what z3 says of the same policies, and its witnesses get from the kernel program the verdicts it claims.</summary>
[Trait("long", "analysis")]
public sealed class AnalysisAgreesTests
{
    private const ulong FirstSeed = 9_000_001;

    /// <summary>Rules end at 1000 and 2000.</summary>
    private static readonly long[] s_instants = [500, 999, 1000, 1999, 2000];

    /// <summary>Rules of one policy at most, of which a revision has up to six.</summary>
    private static readonly int[] Sizes = [3, 8, 3, 8, 3, 16, 3, 8, 3, 8, 3, 33];

    private static readonly string[] s_counted = ["boxes", "packets", "never", "reached", "rules"];

    [Fact]
    public void Diff_and_prove_agree_with_z3_and_every_witness_with_the_kernel()
    {
        using var kernel = new KernelEngine();
        new Evidence("analysis").Batches(12, 500, 20, (first, count) =>
        {
            var counts = s_counted.ToDictionary(key => key, _ => 0L);
            for (var seed = FirstSeed + (ulong)first; seed < FirstSeed + (ulong)(first + count); seed++) Pair(seed, kernel, counts);
            return counts.Select(c => (c.Key, c.Value));
        }, sum => Assert.All(s_counted, key => Assert.True(sum(key) >= sum("rounds") / 2, $"too few {key}: {sum(key)}")));
    }

    private static void Pair(ulong seed, KernelEngine kernel, Dictionary<string, long> counts)
    {
        var pair = new RandomRevisions(seed, Sizes[(int)(seed % (ulong)Sizes.Length)]);
        var at = s_instants[(int)(seed % (ulong)s_instants.Length)];
        counts["rules"] += pair.Before.Policy.Policies.Sum(p => p.Document.Rules.Length);
        var diff = SemanticDiff.Of(pair.Before, pair.After, at);
        Assert.Null(diff.Error);
        var questions = Questions(seed, pair.After, at).ToArray();
        foreach (var realm in pair.Before.Vms.Nics.Select(n => n.Nic.Realm).Distinct())
            foreach (var family in new[] { AddressFamily.IPv4, AddressFamily.IPv6 }) Ask(seed, pair, at, new(realm, family), diff.Changes, questions);
        counts["boxes"] += diff.Changes.Length;
        counts["packets"] += Replay(seed, pair, at, kernel, diff.Changes, questions);
        counts["never"] += questions.Count(q => q.Result is { Problem: null, Packet: null });
        counts["reached"] += questions.Count(q => q.Result.Packet is not null);
    }

    private static IEnumerable<(string From, string To, ServiceMatch Service, ProveResult Result)> Questions(ulong seed, Revision revision, long at)
    {
        var dice = new Dice(seed);
        string[] ends = ["any", "10.0.1.0/28", "fd00::/8", "192.0.2.7", .. revision.Policy.Groups.Select(g => $"group/{g.Tenant}/{g.Name}"), .. revision.Vms.Vms.Select(v => $"vm/{v.Name}")];
        (string Text, ServiceMatch Match)[] services = [("any", ServiceMatch.Any), ("tcp/443", new(6, 443, 443, 0, 65535)), ("udp", new(17, 0, 65535, 0, 65535)), ("icmp/8/0", new(1, 2048, 2048, 0, 65535))];
        for (var i = 0; i < 4; i++)
        {
            var (from, to, service) = (dice.Of(ends), dice.Of(ends), dice.Of(services));
            yield return (from, to, service.Match, Prover.Prove(revision, from, to, service.Text, at));
        }
    }

    private static void Ask(
        ulong seed, RandomRevisions pair, long at, SmtLine line, IEnumerable<TrafficChange> changes, (string From, string To, ServiceMatch Service, ProveResult Result)[] questions)
    {
        using var z3 = new Z3();
        SmtRevision before = new("a", pair.Before, line, at), after = new("b", pair.After, line, at);
        z3.Say(line.Declarations + "\n" + before.Definitions() + after.Definitions());
        z3.Say($"(assert {And(line.Packet, Or(before.Owned("src"), after.Owned("src"), before.Owned("dst"), after.Owned("dst")), Not(before.Self), Not(after.Self))})");
        var free = And(before.Unasked(Direction.Out), before.Unasked(Direction.In), after.Unasked(Direction.Out), after.Unasked(Direction.In));
        var boxes = changes.Where(c => c.Realm == line.Realm && c.Families.Contains(line.Family)).Select(c => (Change: c, Box: Box(after, c))).ToArray();
        Never("a difference outside all boxes, or a box that claims too much", Or(
            And(Not($"(= {before.Verdict} {after.Verdict})"), Not(Or(boxes.Select(b => b.Box)))),
            And(Not(free), Or(boxes.Select(b =>
                And(b.Box, Not(And($"(= {before.Verdict} {Number(b.Change.Before.Verdict)})", $"(= {after.Verdict} {Number(b.Change.After.Verdict)})"))))))));
        if (boxes.Length > 1) Never("a packet in two boxes", And(Not(free), $"((_ at-least 2) {string.Join(' ', boxes.Select(b => b.Box))})"));
        foreach (var q in questions)
        {
            var asked = And(after.Is("src", q.From), after.Is("dst", q.To), Service(q.Service));
            if (q.Result.Problem is not null) Never($"traffic from {q.From} to {q.To}", asked);
            else if (q.Result.Packet is null)
                Never($"a way from {q.From} to {q.To} {q.Service}", And(asked, after.Passes, Not(after.Builtin(Direction.Out)), Not(after.Builtin(Direction.In))));
        }

        void Never(string what, string condition)
        {
            if (z3.Find(condition, $"{Values} {before.Verdict} {after.Verdict}") is { } found)
                Assert.Fail($"seed {seed}, {line.Realm} {line.Family}: {what}: {found}\n{string.Join('\n', changes)}\n{pair.Text}");
        }
    }

    private static string Box(SmtRevision after, TrafficChange c)
    {
        return And(Is("src", c.From), Is("dst", c.To), Or(c.Services.Matches.Select(Service)), Not(Or(c.Services.Except.Select(Service))));

        string Is(string end, Ends ends) => And(Or(ends.Names.Select(n => after.Is(end, n))), Not(Or(ends.Except.Select(n => after.Is(end, n)))));
    }

    private static string Number(Verdict verdict) => $"#b{Convert.ToString((int)verdict, 2).PadLeft(3, '0')}";

    private static int Replay(
        ulong seed, RandomRevisions pair, long at, KernelEngine kernel, IReadOnlyCollection<TrafficChange> changes, (string From, string To, ServiceMatch Service, ProveResult Result)[] questions)
    {
        Judge(pair.Before, changes.Select(c => (c.Witness.Question(pair.Before.Vms, at), c.Before.Verdict)));
        Judge(pair.After, changes.Select(c => (c.Witness.Question(pair.After.Vms, at), c.After.Verdict))
            .Concat(questions.Where(q => q.Result.Packet is not null).Select(q => (q.Result.Packet!.Value, q.Result.Path!.Verdict))));
        return changes.Count;

        void Judge(Revision revision, IEnumerable<(FlowQuestion Packet, Verdict Claimed)> packets)
        {
            kernel.Load(revision.Policy, revision.Vms);
            foreach (var (packet, claimed) in packets)
            {
                var answer = kernel.Judge(packet);
                var passed = answer?.Passed ?? true;
                Assert.True(passed == (claimed is Verdict.Allow or Verdict.WouldDeny), $"seed {seed} {packet}: claimed {claimed}, the kernel {(passed ? "passed it" : "dropped it at " + answer!.Hook)}\n{pair.Text}");
                if (passed && answer is not null) Assert.True(answer.WouldDeny == (claimed == Verdict.WouldDeny), $"seed {seed} {packet}: claimed {claimed}, the kernel {(answer.WouldDeny ? "would have denied it" : "let it pass")}\n{pair.Text}");
                if (!passed && answer!.Told.Length > 0) Assert.True(answer.Told[^1].Verdict == claimed, $"seed {seed} {packet}: claimed {claimed}, the kernel {answer.Told[^1].Verdict}\n{pair.Text}");
            }
        }
    }
}
