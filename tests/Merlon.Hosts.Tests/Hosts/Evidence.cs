using System.Text.Json;
using System.Text.Json.Nodes;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Scale and record of a test that also exists as a long run: `./dev long NAME` sets MERLON_LONG to the name, the
/// test then runs its full number of rounds and writes docs/evidence/NAME.json.</summary>
public sealed class Evidence(string name)
{
    private readonly JsonObject _result = [];

    public bool Long { get; } = Environment.GetEnvironmentVariable("MERLON_LONG") == name;

    /// <summary>The number of rounds of this run.</summary>
    public int Rounds(int brief, int full) => Long ? full : brief;

    public Evidence With(string key, JsonNode? value)
    {
        _result[key] = value;
        return this;
    }

    /// <summary>Prints the result; a long run also writes it down with commit, date and machine.</summary>
    public void Write()
    {
        Console.WriteLine($"{name}: {_result.ToJsonString()}");
        if (!Long) return;
        var record = new JsonObject
        {
            ["name"] = name,
            ["commit"] = Shell.Run("git", "-C", Repository.Root, "rev-parse", "HEAD").Out.Trim(),
            ["date"] = DateTimeOffset.UtcNow.ToString("u", null),
            ["machine"] = $"{Environment.ProcessorCount} cores, kernel {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}",
            ["result"] = _result,
        };
        var file = Path.Combine(Repository.Root, "docs", "evidence", name + ".json");
        File.WriteAllText(file, record.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }
}
