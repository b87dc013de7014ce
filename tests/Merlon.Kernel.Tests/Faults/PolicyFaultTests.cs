using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests.Faults;

/// <summary>Tests against compilers and kernel programs with seeded faults (tests/cases/policy/faults): each fault makes a test fail, which is written
/// down. One of each kind in CI; all of them as `./dev long mutants`.</summary>
public sealed class PolicyFaultTests
{
    [Fact]
    [Trait("long", "mutants")]
    public void Every_seeded_fault_of_compiler_and_verdict_code_is_caught_by_a_test()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("MERLON_OBJECT") is { Length: > 0 }, "the object is given, and there may be no compiler here");
        var faults = Fault.ReadPolicy().GroupBy(f => f.Subject).SelectMany(s => s.Index()).OrderBy(f => f.Index).ThenBy(f => f.Item.Subject, StringComparer.Ordinal).Select(f => f.Item).ToArray();
        Assert.True(faults.Length >= 30, $"only {faults.Length} faults");
        var evidence = new Evidence("mutants");
        using var bench = new FaultBench();
        evidence.Batches(brief: 1, full: faults.Length, batch: 10, (first, count) =>
        {
            var missed = new List<string>();
            foreach (var fault in faults.Skip(first).Take(count))
            {
                var caught = bench.Play(fault);
                evidence.With($"{fault.Subject}: {fault.Name}", caught ?? "missed");
                if (caught is null) missed.Add($"{fault.At.File}:{fault.At.Line}: {fault.Name}");
            }
            Assert.True(missed.Count == 0, $"faults that no test caught:\n{string.Join('\n', missed)}");
            return [("faults", count), ("caught", count - missed.Count)];
        });
    }
}
