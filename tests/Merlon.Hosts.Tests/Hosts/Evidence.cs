using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Scale and record of a test that also exists as a long run: `./dev long NAME` sets MERLON_LONG to the name, the
/// test then runs its full number of rounds and writes docs/evidence/NAME.json.</summary>
public sealed class Evidence(string name)
{
    private JsonObject _result = [];

    public bool Long { get; } = Environment.GetEnvironmentVariable("MERLON_LONG") == name;

    /// <summary>The number of rounds of this run.</summary>
    public int Rounds(int brief, int full) => Long ? full : brief;

    public Evidence With(string key, JsonNode? value)
    {
        _result[key] = value;
        return this;
    }

    /// <summary>Runs a test whose rounds can be done in batches, each a whole test of its own that asserts what it saw and
    /// returns what it counted. The counts are added up. A long run that was interrupted goes on after its last whole batch,
    /// as long as the commit is the same.</summary>
    /// <param name="test">Number of the batch's first round, and how many rounds.</param>
    /// <param name="whole">Asserts what must hold of the sums of all batches, before they are written down.</param>
    public void Batches(int brief, int full, int batch, Func<int, int, IEnumerable<(string Key, long Count)>> test, Action<Func<string, long>>? whole = null)
    {
        var file = Path.Combine(Repository.Root, "artifacts", "long", name + ".json");
        if (Long && File.Exists(file) && JsonNode.Parse(File.ReadAllText(file)) is JsonObject saved && (string?)saved["commit"] == Commit())
            _result = saved["result"]!.DeepClone().AsObject();
        var rounds = Rounds(brief, full);
        while (Number("rounds") < rounds)
        {
            var clock = Stopwatch.StartNew();
            var (first, count) = ((int)Number("rounds"), Math.Min(Long ? batch : brief, rounds - (int)Number("rounds")));
            foreach (var (key, value) in test(first, count)) _result[key] = Number(key) + value;
            _result["rounds"] = (long)first + count;
            _result["seconds"] = Number("seconds") + (long)clock.Elapsed.TotalSeconds;
            if (!Long) continue;
            Console.WriteLine($"{name}: {first + count} of {full} rounds, {Number("seconds")} s");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, new JsonObject { ["commit"] = Commit(), ["result"] = _result.DeepClone() }.ToJsonString());
        }
        whole?.Invoke(Number);
        Write();
        if (Long) File.Delete(file);
    }

    /// <summary>Prints the result; a long run also writes it down with commit, date and machine.</summary>
    public void Write()
    {
        Console.WriteLine($"{name}: {_result.ToJsonString()}");
        if (!Long) return;
        var record = new JsonObject
        {
            ["name"] = name,
            ["commit"] = Commit(),
            ["date"] = DateTimeOffset.UtcNow.ToString("u", null),
            ["machine"] = $"{Environment.ProcessorCount} cores, kernel {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}",
            ["result"] = _result,
        };
        var file = Path.Combine(Repository.Root, "docs", "evidence", name + ".json");
        File.WriteAllText(file, record.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private long Number(string key) => _result[key] is { } value ? (long)value : 0;

    private static string Commit() => Shell.Run("git", "-C", Repository.Root, "rev-parse", "HEAD").Out.Trim();
}
