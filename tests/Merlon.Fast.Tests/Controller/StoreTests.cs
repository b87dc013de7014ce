using System.Text;
using Merlon.Controller;
using Merlon.Controller.Store;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>The state in SQLite: all of a batch or nothing, whenever the process or the power goes.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("merlon-store-").FullName;

    private string File => Path.Combine(folder, "state.db");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_batch_with_one_conflict_writes_nothing()
    {
        using var store = new SqliteStateStore(File);
        store.Put(new StateBatch().Put("a", Bytes("1")));
        var before = store.Get("a")!.Revision;
        Assert.Throws<StateConflictException>(() => store.Put(new StateBatch().Append("s", Bytes("x")).Put("b", Bytes("2")).Put("a", Bytes("3"), expected: before + 1)));
        Assert.Null(store.Get("b"));
        Assert.Empty(store.Read("s", 0, 10));
        Assert.Equal(("1", before), (Text(store.Get("a")!.Value), store.Get("a")!.Revision));
        store.Put(new StateBatch().Put("a", Bytes("3"), expected: before).Put("c", Bytes("4"), expected: 0));
        Assert.Equal(before + 1, store.Get("a")!.Revision);
    }

    [Fact]
    public void What_is_opened_again_is_the_same_and_streams_go_on()
    {
        using (var store = new SqliteStateStore(File))
        {
            for (var i = 0; i < 10; i++) store.Put(new StateBatch().Put($"k/{i % 3}", Bytes($"{i}")).Append("s", Bytes($"{i}")));
            store.Put(new StateBatch().Remove("k/1"));
        }
        using (var store = new SqliteStateStore(File))
        {
            Assert.Equal(["k/0=9", "k/2=8"], store.List("k/").Select(v => $"{v.Key}={Text(v.Value)}"));
            var read = store.Read("s", 0, 100);
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), read.Select(r => Text(r.Value)));
            store.Put(new StateBatch().Append("s", Bytes("10")).Append("other", Bytes("-")));
            Assert.Equal(read.Select(r => r.Number).Append(read[^1].Number + 1), store.Read("s", 0, 100).Select(r => r.Number));
            Assert.Equal(10, store.Get("k/0")!.Revision);
        }
    }

    /// <summary>SIGKILL between write and commit: pages of the open transaction are in the log already, and count for nothing.</summary>
    [Fact]
    public void Written_and_not_committed_is_not_there()
    {
        using var store = new SqliteStateStore(File);
        for (var i = 0; i < 5; i++) store.Put(new StateBatch().Put("k", Bytes($"{i}")).Append("s", Bytes($"{i}")));
        var committed = new FileInfo(File + "-wal").Length;
        using (var other = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            other.Open();
            Run(other, "PRAGMA cache_size=1; BEGIN IMMEDIATE; UPDATE state SET value='half'; DELETE FROM stream; INSERT INTO state VALUES ('big', zeroblob(4000000), 99)");
            Assert.True(new FileInfo(File + "-wal").Length > committed + 3_000_000);
            using var killed = Copy("killed", long.MaxValue);
            Assert.Equal("4", Text(killed.Get("k")!.Value));
            Assert.Equal(5, killed.Read("s", 0, 100).Count);
            Assert.Null(killed.Get("big"));
            Run(other, "ROLLBACK");
        }
        store.Put(new StateBatch().Put("k", Bytes("5")));
        Assert.Equal("5", Text(store.Get("k")!.Value));
    }

    /// <summary>A power cut leaves the log up to some byte. Each such state is one that was committed, whole; and later cuts lose less.</summary>
    [Fact]
    public void A_log_cut_anywhere_is_a_committed_state()
    {
        using var store = new SqliteStateStore(File);
        for (var i = 1; i <= 12; i++) store.Put(new StateBatch().Put("a", Bytes($"{i}")).Put("b", Bytes($"{i}")).Append("s", Bytes($"{i}")));
        var log = new FileInfo(File + "-wal").Length;
        var seen = new List<int>();
        for (var cut = 0; cut <= 40; cut++)
        {
            using var opened = Copy($"cut-{cut}", log * cut / 40);
            var values = new[] { opened.Get("a"), opened.Get("b") }.Select(v => v is null ? 0 : int.Parse(Text(v.Value), null)).Distinct().ToList();
            Assert.Equal(opened.Read("s", 0, 100).Count, Assert.Single(values));
            seen.Add(values[0]);
        }
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(12, seen[^1]);
        Assert.True(seen.Distinct().Count() > 6);
    }

    [Fact]
    public async Task A_watcher_sees_what_is_there_and_every_later_value_once()
    {
        using var store = new SqliteStateStore(File);
        store.Put(new StateBatch().Put("w/1", Bytes("old")).Put("x", Bytes("-")));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using var watch = store.Watch("w/", cancel.Token).GetAsyncEnumerator(cancel.Token);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("old", Text(watch.Current.Value));
        store.Put(new StateBatch().Put("x", Bytes("-")));
        store.Put(new StateBatch().Put("w/1", Bytes("overtaken")));
        store.Put(new StateBatch().Put("w/1", Bytes("new")));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("new", Text(watch.Current.Value));
        var next = watch.MoveNextAsync();
        Assert.False(next.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public void Only_its_owner_reads_it()
    {
        using var store = new SqliteStateStore(File);
        store.Put(new StateBatch().Put("a", Bytes("1")));
        foreach (var file in new[] { File, File + "-wal", File + "-shm" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
    }

    [Fact]
    public void A_damaged_file_and_one_of_a_newer_version_are_told_in_one_line()
    {
        System.IO.File.WriteAllText(File, "this is no database, and long enough to be looked at: " + new string('x', 4096));
        Assert.Contains(File, Assert.Throws<StartException>(() => new SqliteStateStore(File)).Message, StringComparison.Ordinal);
        System.IO.File.Delete(File);
        using (var store = new SqliteStateStore(File)) store.Put(new StateBatch().Put("a", Bytes("1")));
        using (var raw = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            raw.Open();
            Run(raw, "PRAGMA user_version=99");
        }
        Assert.Contains("newer merlon-controller (version 99", Assert.Throws<StartException>(() => new SqliteStateStore(File)).Message, StringComparison.Ordinal);
    }

    // The files as they are at this instant, the log cut short: what a killed machine would find.
    private SqliteStateStore Copy(string name, long logBytes)
    {
        var copy = Path.Combine(folder, name + ".db");
        System.IO.File.Copy(File, copy);
        using (var from = new FileStream(File + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        using (var to = System.IO.File.Create(copy + "-wal"))
        {
            from.CopyTo(to);
            to.SetLength(Math.Min(to.Length, logBytes));
        }
        return new(copy);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);
}
