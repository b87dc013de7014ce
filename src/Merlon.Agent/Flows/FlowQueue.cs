using System.Buffers.Binary;
using Google.Protobuf;
using Merlon.Contracts.Wire;

namespace Merlon.Agent.Flows;

/// <summary>Records on their way to the controller, numbered without gaps, kept until acked, in a file that outlives a kill of
/// the agent: the next one goes on with the same numbers. Bounded in bytes; what does not fit is not numbered and is counted:
/// made = acked + queued + lost, always.</summary>
internal sealed class FlowQueue : IDisposable
{
    private const ulong Magic = 0x31574f4c464d; // "MFLOW1"
    private const int FieldMagic = 0, FieldIncarnation = 1, FieldHead = 2, FieldTail = 3, FieldAcked = 4, FieldLost = 5, FieldOwn = 6;
    private const int PrefixBytes = sizeof(uint) + sizeof(ulong);
    private const int MaxRecordBytes = 64 << 10;

    private readonly SpoolFile _file;
    private readonly Lock _lock = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _next;
    private (ulong Number, ulong Position) _cursor;

    /// <param name="path">In Run: it counts with the kernel's counters, which end with the boot.</param>
    public FlowQueue(string path, int capacity)
    {
        _file = new(path, capacity);
        if (_file[FieldMagic] != Magic || !Recover()) Clear();
        Incarnation = _file[FieldIncarnation].ToString("x16", null);
    }

    /// <summary>Names this numbering.</summary>
    public string Incarnation { get; }

    /// <summary>Highest number the controller has stored; 0 = none yet.</summary>
    public ulong Acked { get { lock (_lock) return _file[FieldAcked]; } }

    public ulong Lost { get { lock (_lock) return _file[FieldLost]; } }

    public int Count { get { lock (_lock) return (int)(_next - 1 - _file[FieldAcked]); } }

    /// <summary>Records there ever were in this numbering, lost ones included.</summary>
    public ulong Made { get { lock (_lock) return _next - 1 + _file[FieldLost]; } }

    /// <summary>Of those, the ones that stand for one event of the kernel each.</summary>
    public ulong OfKernel { get { lock (_lock) return Made - Math.Min(Made, _file[FieldOwn]); } }

    public void CountLost(ulong records)
    {
        lock (_lock) _file[FieldLost] += records;
    }

    /// <param name="own">The agent's own, of no event of the kernel.</param>
    public void Add(FlowRecordMessage record, bool own = false)
    {
        var bytes = new byte[PrefixBytes + record.CalculateSize()];
        record.WriteTo(bytes.AsSpan(PrefixBytes));
        lock (_lock)
        {
            var tail = _file[FieldTail];
            // First: after a kill just here the missing one is counted as lost.
            if (own) _file[FieldOwn]++;
            if (bytes.Length > MaxRecordBytes || tail + (ulong)bytes.Length - _file[FieldHead] > _file.Capacity)
            {
                _file[FieldLost]++;
                return;
            }
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)bytes.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(sizeof(uint)), _next);
            _file.Write(tail, bytes);
            _file[FieldTail] = tail + (ulong)bytes.Length;
            _next++;
            _more.TrySetResult();
        }
    }

    /// <summary>Records after number <paramref name="after"/> (or after the last ack, if that is later); null = none.</summary>
    public FlowBatch? Batch(ulong after, int most, ulong lostInKernel)
    {
        lock (_lock)
        {
            after = Math.Max(after, _file[FieldAcked]);
            if (after >= _next - 1) return null;
            var position = Seek(after + 1);
            var batch = new FlowBatch
            {
                First = after + 1,
                LostKernel = lostInKernel,
                LostAgent = _file[FieldLost],
                Incarnation = Incarnation,
            };
            for (; position < _file[FieldTail] && batch.Records.Count < most; position += (ulong)Length(position))
                batch.Records.Add(Record(position));
            _cursor = (batch.First + (ulong)batch.Records.Count, position);
            return batch;
        }
    }

    /// <summary>Forgets records up to and including <paramref name="through"/>. An ack of another numbering, or of what was
    /// never made, changes nothing.</summary>
    public void Ack(string incarnation, ulong through)
    {
        lock (_lock)
        {
            if (incarnation != Incarnation || through >= _next || through <= _file[FieldAcked]) return;
            var head = Seek(through + 1);
            // In this order: a record below the ack that is still there is skipped by Recover.
            _file[FieldAcked] = through;
            _file[FieldHead] = head;
        }
    }

    /// <summary>Ends when there may be a record after <paramref name="after"/>.</summary>
    public async Task WaitAsync(ulong after, CancellationToken stop)
    {
        Task more;
        lock (_lock)
        {
            if (_next - 1 > after) return;
            if (_more.Task.IsCompleted) _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            more = _more.Task;
        }
        await more.WaitAsync(stop);
    }

    public void Dispose() => _file.Dispose();

    // Position of a number, or of the tail for the next one.
    private ulong Seek(ulong number)
    {
        var (at, position) = _cursor.Number <= number && _cursor.Number > _file[FieldAcked] ? _cursor : (_file[FieldAcked] + 1, _file[FieldHead]);
        for (; at < number; at++) position += (ulong)Length(position);
        return position;
    }

    private int Length(ulong position)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        _file.Read(position, bytes);
        return (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private ulong Number(ulong position)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _file.Read(position + sizeof(uint), bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private FlowRecordMessage Record(ulong position)
    {
        var bytes = new byte[Length(position) - PrefixBytes];
        _file.Read(position + PrefixBytes, bytes);
        return FlowRecordMessage.Parser.ParseFrom(bytes);
    }

    private bool Recover()
    {
        var (head, tail, acked) = (_file[FieldHead], _file[FieldTail], _file[FieldAcked]);
        if (head > tail || tail - head > _file.Capacity) return false;
        _next = acked + 1;
        for (var position = head; position < tail;)
        {
            var length = Length(position);
            if (length is <= PrefixBytes or > MaxRecordBytes || position + (ulong)length > tail) return false;
            var number = Number(position);
            position += (ulong)length;
            if (number <= acked) _file[FieldHead] = position;
            else if (number != _next) return false;
            else _next++;
        }
        return true;
    }

    private void Clear()
    {
        _file[FieldMagic] = 0;
        foreach (var field in (ReadOnlySpan<int>)[FieldHead, FieldTail, FieldAcked, FieldLost, FieldOwn]) _file[field] = 0;
        _file[FieldIncarnation] = BinaryPrimitives.ReadUInt64LittleEndian(Guid.NewGuid().ToByteArray());
        _file[FieldMagic] = Magic;
        _next = 1;
    }
}
