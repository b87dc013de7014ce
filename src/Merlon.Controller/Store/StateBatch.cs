namespace Merlon.Controller.Store;

/// <summary>Writes and appends that happen together or not at all.</summary>
public sealed class StateBatch
{
    private readonly List<StateWrite> writes = [];
    private readonly List<StreamRecord> records = [];

    public IReadOnlyList<StateWrite> Writes => writes;

    public IReadOnlyList<StreamRecord> Records => records;

    public bool IsEmpty => writes.Count == 0 && records.Count == 0;

    public StateBatch Put(string key, ReadOnlyMemory<byte> value, long? expected = null)
    {
        writes.Add(new(key, value, expected));
        return this;
    }

    public StateBatch Remove(string key, long? expected = null)
    {
        writes.Add(new(key, null, expected));
        return this;
    }

    public StateBatch Append(string stream, ReadOnlyMemory<byte> value)
    {
        records.Add(new(stream, 0, value));
        return this;
    }
}
