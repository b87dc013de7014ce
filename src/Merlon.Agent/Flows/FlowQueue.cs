using Merlon.Contracts.Wire;

namespace Merlon.Agent.Flows;

/// <summary>Records on their way to the controller, numbered without gaps, kept until acked. Bounded in count and bytes; what
/// does not fit is not numbered and is counted: records made = acked + queued + lost, always.</summary>
/// <param name="settled">Told, after each change, how many records are acked or lost.</param>
internal sealed class FlowQueue(int maxRecords, long maxBytes, Action<ulong>? settled = null)
{
    private readonly Queue<(FlowRecordMessage Record, int Size)> _records = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _first = 1;
    private long _bytes;
    private long _lost;
    private long _lostBefore;

    /// <summary>Names this numbering: another agent start counts anew.</summary>
    public string Incarnation { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Refused here, and taken along by killed agents.</summary>
    public long Lost => Interlocked.Read(ref _lost) + Interlocked.Read(ref _lostBefore);

    /// <summary>Records that an agent before this one had and never delivered.</summary>
    public void CountLostBefore(ulong records) => Interlocked.Add(ref _lostBefore, (long)records);

    public int Count
    {
        get { lock (_lock) return _records.Count; }
    }

    /// <summary>Highest number the controller has stored; 0 = none yet.</summary>
    public ulong Acked
    {
        get { lock (_lock) return _first - 1; }
    }

    public void Add(FlowRecordMessage record)
    {
        var size = record.CalculateSize();
        lock (_lock)
        {
            if (_records.Count >= maxRecords || _bytes + size > maxBytes)
            {
                Interlocked.Increment(ref _lost);
                Tell();
                return;
            }
            _records.Enqueue((record, size));
            _bytes += size;
            _more.TrySetResult();
        }
    }

    /// <summary>Records after number <paramref name="after"/> (or after the last ack, if that is later); null = none.</summary>
    public FlowBatch? Batch(ulong after, int most, ulong lostInKernel)
    {
        lock (_lock)
        {
            var skip = after < _first ? 0 : (int)Math.Min(after - _first + 1, (ulong)_records.Count);
            if (skip == _records.Count) return null;
            var batch = new FlowBatch
            {
                First = _first + (ulong)skip, LostKernel = lostInKernel, LostAgent = (ulong)Lost, Incarnation = Incarnation,
            };
            foreach (var (record, _) in _records.Skip(skip).Take(most)) batch.Records.Add(record);
            return batch;
        }
    }

    /// <summary>Forgets records up to and including <paramref name="through"/>. An ack of another numbering, or of what was
    /// never sent, changes nothing.</summary>
    public void Ack(string incarnation, ulong through)
    {
        lock (_lock)
        {
            if (incarnation != Incarnation || through >= _first + (ulong)_records.Count) return;
            while (_first <= through)
            {
                _bytes -= _records.Dequeue().Size;
                _first++;
            }
            Tell();
        }
    }

    private void Tell() => settled?.Invoke(_first - 1 + (ulong)_lost);

    /// <summary>Ends when there may be a record after <paramref name="after"/>.</summary>
    public async Task WaitAsync(ulong after, CancellationToken stop)
    {
        Task more;
        lock (_lock)
        {
            if (_first + (ulong)_records.Count - 1 > after) return;
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            more = _more.Task;
        }
        await more.WaitAsync(stop);
    }
}
