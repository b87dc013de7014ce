namespace Merlon.Controller.Store;

/// <summary>What a controller must not forget: keys with revisions, and streams that only grow. SQLite on one host; a fleet
/// puts the same five verbs on NATS JetStream.</summary>
public interface IStateStore : IDisposable
{
    StateValue? Get(string key);

    /// <summary>Every key that starts with <paramref name="prefix"/>, ordered by key.</summary>
    IReadOnlyList<StateValue> List(string prefix);

    /// <summary>All writes or none; on stable storage when it returns. Throws <see cref="StateConflictException"/> when a key is
    /// not at the expected revision.</summary>
    void Put(StateBatch batch);

    /// <summary>The present values under a prefix, then every later one; values overtaken meanwhile are left out.
    /// Deletions are not told.</summary>
    IAsyncEnumerable<StateValue> Watch(string prefix, CancellationToken cancel);

    /// <summary>Records of a stream above number <paramref name="after"/>, oldest first.</summary>
    IReadOnlyList<StreamRecord> Read(string stream, long after, int limit);
}
