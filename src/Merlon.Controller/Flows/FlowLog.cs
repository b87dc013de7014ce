using Merlon.Contracts.Wire;
using Merlon.Controller.Store;
using Microsoft.Data.Sqlite;

namespace Merlon.Controller.Flows;

/// <summary>The recent flows, bounded by number, kept over restarts. A batch and the numbering it continues are one
/// transaction, so a record that an agent sends again after a lost acknowledgement is stored once.</summary>
public sealed class FlowLog : IDisposable
{
    public const int DefaultCapacity = 200_000;
    private const int KeptNumberings = 16;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly int capacity;
    private TaskCompletionSource grown = NewPulse();

    public FlowLog(string path, int capacity = DefaultCapacity)
    {
        this.capacity = capacity;
        connection = SqliteFile.Open(path, FlowSchema.Version, "NORMAL", FlowSchema.Sql);
    }

    /// <summary>Completes at the next append. Take it before reading, wait for it after.</summary>
    public Task Grown
    {
        get { lock (gate) return grown.Task; }
    }

    /// <summary>Stores what is new in a batch. Returns the highest stored number of its incarnation: the acknowledgement.</summary>
    /// <param name="host">Its UUID: two hosts of one name do not share a numbering.</param>
    public ulong Append(string host, string hostName, FlowBatch batch)
    {
        Expect.Count(batch.Records.Count, Limits.FlowRecords, "flows.records");
        Expect.Name(batch.Incarnation, "flows.incarnation");
        Expect.That(batch.First <= long.MaxValue - Limits.FlowRecords, "flows.first", "is out of range");
        TaskCompletionSource pulse;
        FlowNumbering after;
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            var numbering = new FlowNumberings(connection);
            var before = numbering.Find(host, batch.Incarnation);
            after = Insert(hostName, batch, before);
            numbering.Save(host, batch.Incarnation, after, KeptNumberings);
            Trim();
            transaction.Commit();
            (pulse, grown) = (grown, NewPulse());
        }
        pulse.SetResult();
        return after.Through;
    }

    /// <summary>Newest <paramref name="limit"/> that match, oldest first.</summary>
    public IReadOnlyList<StoredFlow> Newest(FlowFilter filter, int limit)
    {
        lock (gate)
        {
            var found = FlowQuery.Run(connection, filter, "number > 0", "DESC", limit);
            found.Reverse();
            return found;
        }
    }

    /// <summary>The next <paramref name="limit"/> after a number that match, oldest first, and the number to go on after.</summary>
    public (IReadOnlyList<StoredFlow> Flows, long Through) After(long number, FlowFilter filter, int limit)
    {
        lock (gate)
        {
            var found = FlowQuery.Run(connection, filter, FormattableString.Invariant($"number > {number}"), "ASC", limit);
            return (found, found.Count == limit ? found[^1].Number : Math.Max(number, Edge("max")));
        }
    }

    /// <summary>Number of the newest flow; 0 = none yet.</summary>
    public long Last
    {
        get { lock (gate) return Edge("max"); }
    }

    /// <summary>Number of the oldest flow still kept; 0 = none.</summary>
    public long First
    {
        get { lock (gate) return Edge("min"); }
    }

    public IReadOnlyList<FlowCounts> Counts()
    {
        lock (gate) return new FlowNumberings(connection).Newest();
    }

    public void Dispose() => connection.Dispose();

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // An agent's numbers are contiguous. Below what is stored: sent again, dropped. A hole: records lost on the way, counted.
    private FlowNumbering Insert(string hostName, FlowBatch batch, FlowNumbering before)
    {
        var (through, missing, refused) = (before.Through, before.Missing, before.Refused);
        if (before.Known && batch.First > through + 1) missing += batch.First - through - 1;
        using var insert = new FlowInsert(connection);
        for (var i = 0; i < batch.Records.Count; i++)
        {
            var number = batch.First + (ulong)i;
            if (number <= through && before.Known) continue;
            through = number;
            try
            {
                insert.Run(FlowReader.Read(batch.Records[i], hostName));
            }
            catch (ContractException)
            {
                refused++;
            }
        }
        return new(true, through, batch.LostKernel, batch.LostAgent, missing, refused);
    }

    private void Trim() => SqliteFile.Execute(connection,
        FormattableString.Invariant($"DELETE FROM flows WHERE number <= (SELECT max(number) FROM flows) - {capacity}"));

    private long Edge(string which)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT coalesce({which}(number), 0) FROM flows";
        return (long)command.ExecuteScalar()!;
    }
}
