using System.Diagnostics;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Analyze;
using Merlon.Policy.Cases;
using Merlon.Policy.Compile;
using Merlon.Policy.Explain;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Bench;

/// <summary>Measures and checks one policy after the other; a line each.</summary>
internal sealed class PolicyBench(TextWriter output)
{
    private const int Rounds = 5;

    /// <summary>Judgements of a rule that the plain evaluator may take for one policy: it reads every rule for every packet.</summary>
    private const int PlainWork = 4_000_000;

    /// <summary>Verdicts in which image and plain evaluator differ.</summary>
    public int Wrong { get; private set; }

    public void Header() => output.WriteLine($"{"shape",-8} {"rules",7} {"resolve ms",10} {"compile ms",10} {"min-max",13} {"cpu ms",6} {"MiB",6} {"message",7} {"remote",6} {"service",7} {"packets",8} {"wrong",5}");

    public void Compile(Shape shape, int rules)
    {
        var policy = new ShapedPolicy(shape, rules);
        var (resolved, resolveMs) = Timed(() => Resolver.Resolve(policy.Set, policy.Inventory, policy.Host, 0).Policy);
        var (first, firstMs) = Timed(() => ImageCompiler.Compile(resolved, 0));
        var line = FormattableString.Invariant($"{shape.ToString().ToLowerInvariant(),-8} {rules,7} {resolveMs,10:f0} ");
        if (first.Image is not { } image)
        {
            output.WriteLine(FormattableString.Invariant($"{line}{firstMs,10:f0} refused: {string.Join("; ", first.Errors)}"));
            return;
        }
        var times = Enumerable.Range(0, Rounds).Select(_ => Timed(() => ImageCompiler.Compile(resolved, 0)).Ms).Order().ToArray();
        var used = Enumerable.Range(0, Rounds).Select(_ => Used(() => ImageCompiler.Compile(resolved, 0))).Order().ToArray();
        var (packets, wrong) = Check(policy, rules);
        Wrong += wrong;
        output.WriteLine(FormattableString.Invariant(
            $"{line}{times[Rounds / 2],10:f0} {$"{times[0]:f0}-{times[^1]:f0}",13} {used[Rounds / 2],6:f0} {image.Words.Length / 131072.0,6:f1} {HostPolicyMessages.ToMessage(resolved).CalculateSize() / 1048576.0,7:f1} {image.Stats.RemoteClasses,6} {image.Stats.ServiceClasses,7} {packets,8} {wrong,5}"));
    }

    /// <summary>A plan on so many rules of which one line was edited: everything from the parsed documents to the boxes.</summary>
    public void Plan(int rules)
    {
        foreach (var shape in new[] { Shape.Acl, Shape.Fw, Shape.Ipc, Shape.Groups })
        {
            var before = new ShapedPolicy(shape, rules);
            var documents = before.Documents.Select(d => d is PolicyDocument p ? p with { Rules = p.Rules.SetItem(rules / 2, Edited(p.Rules[rules / 2])) } : d).ToArray();
            var (diff, ms) = Timed(() => SemanticDiff.Of(before.Revision, new(PolicySet.Build(documents.Select(d => new StoredDocument(d, 2))).Set!, before.Inventory), 0));
            output.WriteLine(FormattableString.Invariant($"plan, {shape.ToString().ToLowerInvariant()}, {rules} rules, one edited: {ms:f0} ms, {(diff.Error ?? $"{diff.Changes.Length} boxes")}"));
        }
    }

    private static PolicyRule Edited(PolicyRule rule) => rule with { Services = [new(null, new(132, 7, 7, 0, 65535), default)], Action = RuleAction.Allow };

    private static (int Packets, int Wrong) Check(ShapedPolicy policy, int rules)
    {
        var (image, plain) = (CaseRunner.ImageEngine(policy.Set, policy.Inventory), CaseRunner.PlainEngine(policy.Set, policy.Inventory));
        var (dice, wrong, count) = (new Dice(42), 0, PlainWork / rules);
        for (var i = 0; i < count; i++)
        {
            var packet = Packet(policy, dice);
            if (image(packet) != plain(packet)) wrong++;
        }
        return (count, wrong);
    }

    /// <summary>From the middle of some rule, so that most packets meet one.</summary>
    private static FlowQuestion Packet(ShapedPolicy policy, Dice dice)
    {
        var rule = dice.Of(policy.Set.Policies[0].Document.Rules);
        var match = rule.Services[0].Match;
        var mine = policy.Inventory.Nics.Where(n => n.Vm.Host == policy.Host).ToArray();
        var (guarded, other) = (dice.Of(mine), dice.Of(policy.Inventory.Nics));
        EndpointRef own = new(guarded.Key, guarded.Nic.Addresses[0]), peer = new(null, Outside(rule, dice) ?? other.Nic.Addresses[0]);
        if (peer.Address == own.Address) peer = new(null, Address.Parse("198.51.100.7"));
        var out2 = rule.To is [{ Kind: ReferenceKind.Cidr }];
        return new(out2 ? own : peer, out2 ? peer : own, match.Protocol, match.High, 40000, 0);
    }

    private static Address? Outside(PolicyRule rule, Dice dice) =>
        rule.From.Concat(rule.To).Where(r => r.Kind == ReferenceKind.Cidr).Select(r => dice.Percent(50) ? r.Prefix.Network : PolicyEdges.Last(r.Prefix)).Cast<Address?>().FirstOrDefault();

    private static (T Value, double Ms) Timed<T>(Func<T> work)
    {
        GC.Collect();
        var clock = Stopwatch.StartNew();
        return (work(), clock.Elapsed.TotalMilliseconds);
    }

    /// <summary>Processor time of all threads: what a machine that others use too says about the work alone.</summary>
    private static double Used<T>(Func<T> work)
    {
        GC.Collect();
        var before = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }
}
