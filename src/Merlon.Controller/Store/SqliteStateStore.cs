using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Merlon.Controller.Store;

/// <summary>The state in one SQLite file, fsynced at every commit.</summary>
public sealed class SqliteStateStore : IStateStore
{
    private const int Version = 1;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS stream (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, value BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS stream_by_name ON stream (name, number);
        CREATE TABLE IF NOT EXISTS counter (revision INTEGER NOT NULL);
        INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
        """;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private TaskCompletionSource changed = NewPulse();

    public SqliteStateStore(string path) => connection = SqliteFile.Open(path, Version, "FULL", Schema);

    public StateValue? Get(string key)
    {
        lock (gate) return Find(key);
    }

    public IReadOnlyList<StateValue> List(string prefix)
    {
        lock (gate)
        {
            using var command = Command("SELECT key, value, revision FROM state WHERE key >= $from AND key < $to ORDER BY key");
            command.Parameters.AddWithValue("$from", prefix);
            command.Parameters.AddWithValue("$to", prefix + "\U0010FFFF");
            using var reader = command.ExecuteReader();
            var found = new List<StateValue>();
            while (reader.Read()) found.Add(new(reader.GetString(0), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2)));
            return found;
        }
    }

    public void Put(StateBatch batch)
    {
        TaskCompletionSource pulse;
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            var revision = NextRevision();
            foreach (var write in batch.Writes) Write(write, revision);
            foreach (var record in batch.Records) Append(record);
            transaction.Commit();
            (pulse, changed) = (changed, NewPulse());
        }
        pulse.SetResult();
    }

    public async IAsyncEnumerable<StateValue> Watch(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (long seen = 0; ;)
        {
            Task pulse;
            lock (gate) pulse = changed.Task;
            foreach (var value in List(prefix).Where(v => v.Revision > seen).OrderBy(v => v.Revision).ToList())
            {
                seen = Math.Max(seen, value.Revision);
                yield return value;
            }
            await pulse.WaitAsync(cancel);
        }
    }

    public IReadOnlyList<StreamRecord> Read(string stream, long after, int limit)
    {
        lock (gate)
        {
            using var command = Command("SELECT number, value FROM stream WHERE name = $name AND number > $after ORDER BY number LIMIT $limit");
            command.Parameters.AddWithValue("$name", stream);
            command.Parameters.AddWithValue("$after", after);
            command.Parameters.AddWithValue("$limit", limit);
            using var reader = command.ExecuteReader();
            var found = new List<StreamRecord>();
            while (reader.Read()) found.Add(new(stream, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
            return found;
        }
    }

    public void Dispose() => connection.Dispose();

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private StateValue? Find(string key)
    {
        using var command = Command("SELECT value, revision FROM state WHERE key = $key");
        command.Parameters.AddWithValue("$key", key);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new(key, reader.GetFieldValue<byte[]>(0), reader.GetInt64(1)) : null;
    }

    private long NextRevision()
    {
        using var command = Command("UPDATE counter SET revision = revision + 1 RETURNING revision");
        return (long)command.ExecuteScalar()!;
    }

    private void Write(StateWrite write, long revision)
    {
        if (write.Expected is { } expected && (Find(write.Key)?.Revision ?? 0) != expected)
            throw new StateConflictException($"{write.Key} was changed by somebody else");
        using var command = Command(write.Value is null
            ? "DELETE FROM state WHERE key = $key"
            : "INSERT INTO state (key, value, revision) VALUES ($key, $value, $revision) ON CONFLICT (key) DO UPDATE SET value = $value, revision = $revision");
        command.Parameters.AddWithValue("$key", write.Key);
        if (write.Value is { } value)
        {
            command.Parameters.AddWithValue("$value", value.ToArray());
            command.Parameters.AddWithValue("$revision", revision);
        }
        command.ExecuteNonQuery();
    }

    private void Append(StreamRecord record)
    {
        using var command = Command("INSERT INTO stream (name, value) VALUES ($name, $value)");
        command.Parameters.AddWithValue("$name", record.Stream);
        command.Parameters.AddWithValue("$value", record.Value.ToArray());
        command.ExecuteNonQuery();
    }
}
