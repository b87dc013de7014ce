using System.Diagnostics;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
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

    /// <summary>Pairs of ends of one policy, and packets between each.</summary>
    private const int Pairs = 1_000, PacketsOfPair = 1_000;

    /// <summary>Judgements of a rule that the plain evaluator may take for one policy where it reads every rule for every packet.</summary>
    private const int WholeWork = 4_000_000;

    /// <summary>Verdicts in which image and plain evaluator differ, and policies whose packets were too much alike to tell.</summary>
    public int Wrong { get; private set; }

    public void Header() => output.WriteLine($"{"shape",-8} {"rules",7} {"resolve ms",10} {"compile ms",10} {"min-max",13} {"cpu ms",6} {"MiB",6} {"message",7} {"remote",6} {"service",7} {"packets",8} {"allow %",7} {"rule %",6} {"wrong",5}");

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
        var (packets, allowed, byRule, wrong) = Check(policy, rules);
        Wrong += wrong;
        if (Math.Min(allowed, packets - allowed) < packets / 10 || byRule < packets / 2) Wrong++;
        output.WriteLine(FormattableString.Invariant(
            $"{line}{times[Rounds / 2],10:f0} {$"{times[0]:f0}-{times[^1]:f0}",13} {used[Rounds / 2],6:f0} {image.Words.Length / 131072.0,6:f1} {HostPolicyMessages.ToMessage(resolved).CalculateSize() / 1048576.0,7:f1} {image.Stats.RemoteClasses,6} {image.Stats.ServiceClasses,7} {packets,8} {100.0 * allowed / packets,7:f0} {100.0 * byRule / packets,6:f0} {wrong,5}"));
    }

    /// <summary>The image against the plain evaluator: a million packets, and for some of them every rule is read.</summary>
    private static (int Packets, int Allowed, int ByRule, int Wrong) Check(ShapedPolicy policy, int rules)
    {
        var (image, whole) = (CaseRunner.ImageEngine(policy.Set, policy.Inventory), CaseRunner.PlainEngine(policy.Set, policy.Inventory));
        var (draw, count, allowed, byRule, wrong) = (new PacketDraw(policy, new(42)), 0, 0, 0, 0);
        for (var pair = 0; pair < Pairs; pair++)
        {
            var (from, to) = draw.Ends();
            var near = PairOfEnds.Narrowed(policy.Set, policy.Inventory, from, to);
            for (var i = 0; i < PacketsOfPair; i++, count++)
            {
                var packet = draw.Packet(near, from, to);
                var says = image(packet);
                if (says.Verdict == Verdict.Allow) allowed++;
                if (says.Reason == Reasons.Rule) byRule++;
                if (says != PlainEvaluator.Evaluate(near, policy.Inventory, packet).Flow || (i == 0 && pair < WholeWork / rules && says != whole(packet))) wrong++;
            }
        }
        return (count, allowed, byRule, wrong);
    }

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
