using System.Text.Json;

namespace Merlon.Bench.Figures;

/// <summary>One workload's last run, as it is kept (bench/results/ID.json).</summary>
/// <param name="Date">UTC.</param>
/// <param name="Program">SHA-256 of the object, shortened.</param>
/// <param name="Noisy">Why the figures tell nothing; empty = they do.</param>
internal sealed record ResultFile(
    string Id, string What, DateTime Date, string Machine, string Kernel, string Commit, string Program, string[] Noisy, BenchRow[] Rows)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static ResultFile Load(string path) =>
        JsonSerializer.Deserialize<ResultFile>(File.ReadAllText(path), s_json) ?? throw new InvalidDataException($"{path} holds no result");

    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, Id + ".json"), JsonSerializer.Serialize(this, s_json) + "\n");
}
