using Merlon.Fast.Tests.Policy;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Cases;
using Merlon.Policy.Explain;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Plain evaluator = image simulator = kernel program, on packets from the edges of random rules. One batch in CI, a million packets and
/// more as `./dev long policy`.</summary>
[Trait("long", "policy")]
public sealed class EnginesAgreeTests
{
    private const ulong FirstSeed = 2_000_001;
    private const int Policies = 200;
    private const int Batches = 24;
    private const int PacketsPerPolicy = 300;

    [Fact]
    public void The_kernel_says_what_the_plain_evaluator_and_the_image_say()
    {
        using var kernel = new KernelEngine();
        var evidence = new Evidence("policy").With("firstSeed", FirstSeed);
        evidence.Batches(2 * Policies + 50, Batches * Policies, Policies, (first, count) =>
        {
            Console.WriteLine($"policy: seeds {FirstSeed + (ulong)first} to {FirstSeed + (ulong)(first + count) - 1}");
            var (coverage, told) = (new Coverage(), 0L);
            for (var seed = FirstSeed + (ulong)first; seed < FirstSeed + (ulong)(first + count); seed++) told += Compare(seed, kernel, coverage);
            return [.. coverage.Hits, ("told", told)];
        }, sum =>
        {
            Assert.True(sum("packets") >= (evidence.Long ? 1_000_000 : 100_000), $"only {sum("packets")} packets");
            Assert.True(sum("told") >= sum("packets") / 2, $"rule and reason were read from {sum("told")} events only");
            Coverage.Require(sum, sum("packets") / 1000);
        });
    }

    /// <summary>How many answers came with a rule.</summary>
    private static long Compare(ulong seed, KernelEngine kernel, Coverage coverage)
    {
        var random = new RandomPolicy(seed, wide: true);
        var image = CaseRunner.ImageEngine(random.Set, random.Inventory);
        var packets = new RandomPackets(seed, random.Set, random.Inventory);
        var told = 0L;
        kernel.Load(random.Set, random.Inventory);
        coverage.Begin(random.Set, random.Inventory);
        foreach (var packet in Enumerable.Range(0, PacketsPerPolicy).Select(_ => packets.Next()).OrderBy(p => p.At))
        {
            var plain = PlainEvaluator.Evaluate(random.Set, random.Inventory, packet);
            var wanted = plain.Flow;
            Assert.True(wanted == image(packet), $"seed {seed}, {packet}: plain {wanted}, image {image(packet)}\n{random.Text}");
            if (kernel.Judge(packet) is not { } answer) continue;
            if (KernelSays.Otherwise(wanted, answer) is { } otherwise) Assert.Fail($"seed {seed}, {packet}: {otherwise}; plain {wanted}\n{random.Text}");
            coverage.Count(packet, plain);
            if (answer.Told.Length > 0) told++;
        }
        return told;
    }
}
