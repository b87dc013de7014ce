using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Fuzz;

/// <summary>No crash, no hang, no unbounded memory, whatever the bytes: every target on its saved inputs (tests/cases/fuzz) and on seeded mutations of what
/// the other tests read. A million inputs as `./dev long fuzz`.</summary>
public sealed class FuzzTests
{
    private const ulong FirstSeed = 5_000_001;

    /// <summary>Inputs of one seed.</summary>
    private const int Inputs = 100;

    /// <summary>What one input of a few thousand bytes may take: a policy may be compiled of it, of which each realm costs 256 KiB.</summary>
    private const long MostAllocated = 256 << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    [Trait("long", "fuzz")]
    public void No_bytes_crash_or_hang_what_reads_them()
    {
        var corpus = FuzzTargets.All.Keys.ToDictionary(name => name, Corpus);
        foreach (var (name, target) in FuzzTargets.All) Try(name, target, corpus[name]);
        new Evidence("fuzz").Batches(3, 2000, 20, (first, count) =>
        {
            foreach (var (name, target) in FuzzTargets.All)
                for (var seed = FirstSeed + (ulong)first; seed < FirstSeed + (ulong)(first + count); seed++)
                {
                    var mutations = new Mutations(seed, corpus[name]);
                    Try($"{name}, seed {seed}", target, Enumerable.Range(0, Inputs).Select(_ => mutations.Next()));
                }
            return [("inputs", (long)count * Inputs * FuzzTargets.All.Count)];
        });
    }

    [Fact]
    public void A_target_that_crashes_hangs_or_hoards_is_told_with_its_input()
    {
        byte[][] one = ["x"u8.ToArray()];
        Assert.Contains("eA==", Assert.ThrowsAny<Exception>(() => Try("t", _ => throw new InvalidDataException(), one)).Message, StringComparison.Ordinal);
        Assert.Contains("eA==", Assert.ThrowsAny<Exception>(() => Try("t", _ => Thread.Sleep(300), one, TimeSpan.FromMilliseconds(50))).Message, StringComparison.Ordinal);
        Assert.Contains("eA==", Assert.ThrowsAny<Exception>(() => Try("t", _ => GC.KeepAlive(new byte[MostAllocated]), one)).Message, StringComparison.Ordinal);
    }

    private static void Try(string name, Action<byte[]> target, IEnumerable<byte[]> inputs) => Try(name, target, inputs, s_patience);

    private static void Try(string name, Action<byte[]> target, IEnumerable<byte[]> inputs, TimeSpan patience)
    {
        foreach (var input in inputs)
        {
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            try
            {
                target(input);
            }
            catch (Exception e)
            {
                Assert.Fail($"{name}: {Convert.ToBase64String(input)}\n{e}");
            }
            Assert.True(clock.Elapsed < patience, $"{name}: {clock.Elapsed} for {Convert.ToBase64String(input)}");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostAllocated, $"{name}: {GC.GetAllocatedBytesForCurrentThread() - before} bytes for {Convert.ToBase64String(input)}");
        }
    }

    private static byte[][] Corpus(string target)
    {
        var saved = Path.Combine(CaseFolder.Root, "tests/cases/fuzz", target);
        return [.. Seeds(target), .. Directory.Exists(saved) ? Directory.GetFiles(saved).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : []];
    }

    private static IEnumerable<byte[]> Seeds(string target) => target switch
    {
        "rule" => Items("  - {name: ", "  - "),
        "inventory" => Items("  - {name: ", "  - ").Where(b => Encoding.UTF8.GetString(b).Contains("nics:", StringComparison.Ordinal)),
        "cases" => Items("  - {from: ", "  ").Append("""[{"from": "vm/web-1", "to": "any", "service": "tcp/80", "expect": "deny"}]"""u8.ToArray()),
        "host-policy" => Enumerable.Range(0, 12).Select(i => HostPolicyMessages.ToMessage(Resolved(new((ulong)i))).ToByteArray()),
        _ => Manifests(),
    };

    private static HostPolicy Resolved(RandomPolicy random) => Resolver.Resolve(random.Set, random.Inventory, "", 1).Policy;

    private static IEnumerable<byte[]> Manifests() =>
        Directory.GetFiles(Path.Combine(CaseFolder.Root, "tests/cases/policy"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    /// <summary>Lines of all manifests that begin so, without what stands before.</summary>
    private static IEnumerable<byte[]> Items(string start, string before) =>
        Manifests().SelectMany(m => Encoding.UTF8.GetString(m).Split('\n')).Where(l => l.StartsWith(start, StringComparison.Ordinal)).Select(l => Encoding.UTF8.GetBytes(l[before.Length..])).DistinctBy(Convert.ToHexString);
}
