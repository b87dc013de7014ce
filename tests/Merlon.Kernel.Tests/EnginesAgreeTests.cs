using Merlon.Datapath.Abi;
using Merlon.Fast.Tests.Policy;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Cases;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Plain evaluator = image simulator = kernel program, on packets from the edges of random rules.</summary>
public sealed class EnginesAgreeTests(ITestOutputHelper output)
{
    private const ulong FirstSeed = 2_000_001;
    private const int Policies = 400;
    private const int PacketsPerPolicy = 300;

    [Fact]
    public void The_kernel_says_what_the_plain_evaluator_and_the_image_say()
    {
        using var kernel = new KernelEngine();
        var (verdicts, told) = (new Dictionary<Verdict, int>(), 0);
        for (var i = 0; i < Policies; i++)
        {
            var seed = FirstSeed + (ulong)i;
            var random = new RandomPolicy(seed);
            var (plain, image) = (CaseRunner.PlainEngine(random.Set, random.Inventory), CaseRunner.ImageEngine(random.Set, random.Inventory));
            var packets = new RandomPackets(seed, random.Set, random.Inventory);
            kernel.Load(random.Set, random.Inventory);
            foreach (var packet in Enumerable.Range(0, PacketsPerPolicy).Select(_ => packets.Next()).OrderBy(p => p.At))
            {
                var wanted = plain(packet);
                Assert.True(wanted == image(packet), $"seed {seed}, {packet}: plain {wanted}, image {image(packet)}");
                if (kernel.Judge(packet) is not { } answer) continue;
                if (Difference(wanted, answer) is { } difference) Assert.Fail($"seed {seed}, {packet}: {difference}; plain {wanted}\n{random.Text}");
                verdicts[wanted.Verdict] = verdicts.GetValueOrDefault(wanted.Verdict) + 1;
                told += answer.Told.Length > 0 ? 1 : 0;
            }
        }
        var total = verdicts.Values.Sum();
        output.WriteLine($"seeds {FirstSeed}-{FirstSeed + Policies - 1}, {total} policy/packet pairs, rule and reason read from {told} events: "
            + string.Join(", ", verdicts.OrderBy(v => v.Key).Select(v => $"{v.Key} {100.0 * v.Value / total:f1} %")));
        Assert.True(total >= 100_000, $"only {total} pairs");
        Assert.True(told >= total / 2, "too few answers came with a rule");
        Assert.All((Verdict[])[Verdict.Allow, Verdict.Deny], v => Assert.True(verdicts[v] >= total / 10, $"too few {v}"));
    }

    private static string? Difference(FlowVerdict wanted, KernelEngine.Answer answer)
    {
        var passes = wanted.Verdict is Verdict.Allow or Verdict.WouldDeny;
        if (passes != answer.Passed) return $"kernel {(answer.Passed ? "passed" : "dropped at " + answer.Hook)}";
        if (answer.Told.Length == 0) return null;
        return passes ? Opening(wanted, answer) : Denial(wanted, answer);
    }

    private static string? Denial(FlowVerdict wanted, KernelEngine.Answer answer)
    {
        var told = answer.Told[^1];
        if (told.Verdict != wanted.Verdict || told.Reason.Text() != wanted.Reason) return $"kernel {told.Verdict} {told.Reason}";
        return answer.Hook == "to_vm" ? Same(wanted.InRule, answer.Rule(told.InRule)) : Same(wanted.OutRule, answer.Rule(told.OutRule));
    }

    private static string? Opening(FlowVerdict wanted, KernelEngine.Answer answer)
    {
        var parted = answer.Told.Where(e => e.Verdict == Verdict.WouldDeny).ToArray();
        if (parted.Length > 0 != (wanted.Verdict == Verdict.WouldDeny)) return $"kernel verdict {(parted.Length > 0 ? "would-deny" : "allow")}";
        if (parted.Length > 0)
            return parted.Any(e => answer.Rule(e.CandidateRule) is { } c && (c == wanted.OutRule || c == wanted.InRule)) ? null : "another candidate rule";
        var (output, input) = (answer.Told.FirstOrDefault(e => e.OutRule != 0), answer.Told.FirstOrDefault(e => e.InRule != 0));
        return (output.OutRule != 0 ? Same(wanted.OutRule, answer.Rule(output.OutRule)) : null)
            ?? (input.InRule != 0 ? Same(wanted.InRule, answer.Rule(input.InRule)) : null);
    }

    private static string? Same(RuleRef? wanted, RuleRef? told) => wanted == told ? null : $"kernel rule {told}";
}
