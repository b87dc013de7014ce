using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>The rows against programs with seeded faults: each fault is found by a row of its subject, and each row finds a fault of its own.
/// A part in CI; all of them as `./dev long packet-mutants`.</summary>
public sealed class PacketFaultTests
{
    [Fact]
    public void Every_subject_has_its_faults() =>
        Assert.Equal(PacketFile.Rows.Select(r => r.Subject).Distinct().Order(StringComparer.Ordinal), Fault.ReadAll().Select(f => f.Subject).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    [Trait("long", "packet-mutants")]
    public void Every_seeded_fault_is_found_by_a_row_of_its_subject_and_every_row_finds_one()
    {
        var evidence = new Evidence("packet-mutants");
        var subjects = Fault.ReadAll().GroupBy(f => f.Subject).Select(s => s.ToArray()).ToArray();
        evidence.Batches(brief: 3, full: subjects.Length, batch: 1, (first, count) =>
        {
            var faults = subjects.Skip(first).Take(count).SelectMany(s => evidence.Long ? s : s[..1]).ToArray();
            var rows = PacketFile.Rows.Where(r => faults.Any(f => f.Subject == r.Subject)).ToArray();
            var played = Play(faults).ToArray();
            var missed = played.Where(p => p.Found.Length == 0).Select(p => $"{p.Fault.At.File}:{p.Fault.At.Line}: {p.Fault.Name}").ToArray();
            var idle = evidence.Long ? rows.Except(played.SelectMany(p => p.Found)).Select(r => $"{r.File}:{r.At.Line}: {r.Name}").ToArray() : [];
            Assert.True(missed.Length == 0 && idle.Length == 0, $"faults that no row of their subject found:\n{string.Join('\n', missed)}\nrows that found no fault:\n{string.Join('\n', idle)}");
            return [("faults", faults.Length), ("found", faults.Length - missed.Length), ("rows", rows.Length), ("rowsThatFoundOne", rows.Length - idle.Length)];
        });
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
