using System.Globalization;
using System.Text.Json.Nodes;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>The rows against programs with seeded faults: each fault is found by a row of its subject, and each row finds a fault of its own.
/// A part in CI; all of them as `./dev long packet-mutants`.</summary>
public sealed class PacketFaultTests
{
    private const int Brief = 3;

    [Fact]
    public void Every_subject_has_its_faults() =>
        Assert.Equal(PacketFile.Rows.Select(r => r.Subject).Distinct().Order(StringComparer.Ordinal), Fault.ReadAll().Select(f => f.Subject).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    [Trait("long", "packet-mutants")]
    public void Every_seeded_fault_is_found_by_a_row_of_its_subject_and_every_row_finds_one()
    {
        var evidence = new Evidence("packet-mutants");
        var all = Fault.ReadAll();
        var faults = evidence.Long ? all : [.. Enumerable.Range(0, Brief).Select(i => all[i * all.Length / Brief])];
        var failed = new HashSet<PacketRow>();
        var missed = new List<string>();
        foreach (var (fault, found) in Play(faults))
        {
            failed.UnionWith(found);
            if (found.Length == 0) missed.Add($"{fault.At.File}:{fault.At.Line}: {fault.Name}");
            if (evidence.Long) Console.WriteLine($"{fault.Subject}: {fault.Name}: {found.Length} rows");
        }
        var idle = evidence.Long ? PacketFile.Rows.Except(failed).Select(r => $"{r.File}:{r.At.Line}: {r.Name}").ToArray() : [];
        Assert.True(missed.Count == 0 && idle.Length == 0, $"faults that no row of their subject found:\n{string.Join('\n', missed)}\nrows that found no fault:\n{string.Join('\n', idle)}");
        evidence.With("faults", faults.Length).With("found", faults.Length - missed.Count).With("rows", PacketFile.Rows.Length).With("rowsThatFoundOne", failed.Count)
            .With("subjects", new JsonObject(PacketFile.Rows.GroupBy(r => r.Subject).Select(s => KeyValuePair.Create<string, JsonNode?>(s.Key,
                new JsonObject { ["rows"] = s.Count(), ["faults"] = faults.Count(f => f.Subject == s.Key) })))).Write();
    }

    // Each fault with the rows of its subject that fail. The next program is compiled while the present one plays.
    private static IEnumerable<(Fault Fault, PacketRow[] Found)> Play(Fault[] faults)
    {
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"merlon-faults-{Environment.ProcessId}"));
        try
        {
            var next = Task.Run(() => faults[0].Build(Path.Combine(folder, "0")));
            for (var i = 0; i < faults.Length; i++)
            {
                var (fault, number) = (faults[i], i + 1);
                var built = next.GetAwaiter().GetResult();
                if (number < faults.Length) next = Task.Run(() => faults[number].Build(Path.Combine(folder, number.ToString(CultureInfo.InvariantCulture))));
                using var bench = new PacketBench(built);
                yield return (fault, [.. PacketFile.Rows.Where(r => r.Subject == fault.Subject && bench.Play(r) is not null)]);
                Directory.Delete(Path.GetDirectoryName(built)!, recursive: true);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
