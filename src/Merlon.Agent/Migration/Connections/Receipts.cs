using System.Text.Json;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;

namespace Merlon.Agent.Migration.Connections;

/// <summary>The newest arrivals of this host, on disk.</summary>
internal sealed class Receipts(string folder)
{
    private const int Most = 100;
    private readonly string _path = Path.Combine(folder, "migrations.json");
    private IReadOnlyList<MigrationRecord>? _all;

    /// <summary>Newest first. A damaged file is no reason to refuse a VM.</summary>
    public IReadOnlyList<MigrationRecord> All => _all ??= Read();

    public void Add(MigrationRecord receipt)
    {
        _all = [receipt, .. All.Take(Most - 1)];
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_all, ApiJson.Default.IReadOnlyListMigrationRecord));
    }

    private IReadOnlyList<MigrationRecord> Read()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize(File.ReadAllBytes(_path), ApiJson.Default.IReadOnlyListMigrationRecord) ?? [] : [];
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return [];
        }
    }
}
