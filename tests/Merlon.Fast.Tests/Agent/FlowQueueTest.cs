using AwesomeAssertions;
using CsCheck;
using Merlon.Agent.Flows;
using Merlon.Contracts.Wire;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed class FlowQueueTest : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("merlon-flows").FullName, "queue");
    private readonly List<FlowQueue> _open = [];

    public void Dispose()
    {
        foreach (var queue in _open) queue.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    private static FlowRecordMessage Record(int n) => new() { StartUnixMs = n + 1, Segment = new string('s', n % 7) };

    // Opening again without disposing is what a killed agent and its successor do.
    private FlowQueue Open(int capacity = 1 << 16)
    {
        _open.Add(new(_path, capacity));
        return _open[^1];
    }

    private FlowQueue Filled(int records, int capacity = 1 << 16)
    {
        var queue = Open(capacity);
        for (var i = 0; i < records; i++) queue.Add(Record(i));
        return queue;
    }

    [Fact]
    public void What_was_not_acked_is_sent_again_under_the_same_numbers()
    {
        var queue = Filled(5);
        queue.Ack(queue.Incarnation, 2);
        var first = queue.Batch(4, 10, 0)!;
        var again = queue.Batch(queue.Acked, 10, 0)!;
        first.First.Should().Be(5);
        again.First.Should().Be(3);
        again.Records.Select(r => r.StartUnixMs).Should().Equal(3, 4, 5);
    }

    /// <summary>Records that stand for no event of the kernel hide none that was lost with a killed agent.</summary>
    [Theory]
    [InlineData(1 << 16)]
    [InlineData(64)]
    public void What_the_agent_makes_itself_is_none_of_the_kernels_events(int capacity)
    {
        var killed = Filled(5, capacity);
        for (var i = 0; i < 7; i++) killed.Add(Record(i), own: true);
        var next = Open(capacity);
        next.Made.Should().Be(12);
        next.OfKernel.Should().Be(5);
        EventPump.LostBefore(sent: 5 + 3 + 2, read: 2, next.OfKernel).Should().Be(3);
        EventPump.LostBefore(sent: 5 + 2, read: 2, next.OfKernel).Should().Be(0);
    }

    [Fact]
    public void The_next_agent_goes_on_with_the_numbers_of_a_killed_one()
    {
        var killed = Filled(5);
        killed.Ack(killed.Incarnation, 2);
        var next = Open();
        next.Incarnation.Should().Be(killed.Incarnation);
        next.Add(Record(5));
        next.Batch(0, 10, 0)!.First.Should().Be(3);
        next.Batch(0, 10, 0)!.Records.Select(r => r.StartUnixMs).Should().Equal(3, 4, 5, 6);
        next.Made.Should().Be(6);
    }

    [Fact]
    public void A_full_queue_counts_what_it_refuses_and_keeps_its_numbers_without_gaps()
    {
        var queue = Filled(100, capacity: 100);
        var queued = queue.Count;
        queue.Lost.Should().Be((ulong)(100 - queued));
        queue.Ack(queue.Incarnation, (ulong)queued);
        queue.Add(Record(0));
        var batch = queue.Batch(queue.Acked, 10, 7)!;
        (batch.First, batch.LostAgent, batch.LostKernel).Should().Be(((ulong)queued + 1, queue.Lost, 7));
    }

    [Fact]
    public void An_ack_of_another_numbering_or_of_what_was_never_made_changes_nothing()
    {
        var queue = Filled(3);
        queue.Ack("other", 3);
        queue.Ack(queue.Incarnation, 4);
        queue.Ack(queue.Incarnation, ulong.MaxValue);
        queue.Count.Should().Be(3);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(4096)]
    public void A_damaged_file_starts_a_new_numbering(int at)
    {
        var before = Filled(3);
        before.Dispose();
        _open.Clear();
        using (var file = File.OpenWrite(_path))
        {
            file.Seek(at, SeekOrigin.Begin);
            file.Write([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        }
        var after = Open();
        after.Incarnation.Should().NotBe(before.Incarnation);
        after.Count.Should().Be(0);
    }

    [Fact]
    public void Made_is_always_acked_and_queued_and_lost_and_every_record_comes_out_in_order() => Gen.Int[0, 9].Array[0, 300].Sample(steps =>
    {
        using var run = new FlowQueueTest();
        var queue = run.Open(500);
        ulong made = 0, seen = 0;
        foreach (var step in steps)
        {
            if (step < 7) queue.Add(Record((int)made++));
            else if (step == 7) queue = run.Open(500);
            else if (queue.Batch(seen, step, 0) is { } batch)
            {
                if (batch.First != seen + 1) return false;
                seen += (ulong)batch.Records.Count;
                queue.Ack(queue.Incarnation, seen);
            }
        }
        return made == queue.Acked + (ulong)queue.Count + queue.Lost && made == queue.Made;
    }, iter: 200);

    [Fact]
    public async Task A_waiter_wakes_when_a_record_comes()
    {
        var queue = Filled(1);
        var wait = queue.WaitAsync(1, TestContext.Current.CancellationToken);
        wait.IsCompleted.Should().BeFalse();
        queue.Add(Record(1));
        await wait;
    }
}
