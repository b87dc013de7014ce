using AwesomeAssertions;
using CsCheck;
using Merlon.Agent.Flows;
using Merlon.Contracts.Wire;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class FlowQueueTest
{
    private static FlowRecordMessage Record(int n) => new() { StartUnixMs = n + 1 };

    private static FlowQueue Filled(int records, int bound = 100)
    {
        var queue = new FlowQueue(bound, 1 << 20);
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

    [Fact]
    public void A_full_queue_counts_what_it_refuses_and_keeps_its_numbers_without_gaps()
    {
        var queue = Filled(7, bound: 5);
        queue.Lost.Should().Be(2);
        queue.Ack(queue.Incarnation, 5);
        queue.Add(Record(7));
        queue.Batch(queue.Acked, 10, 0)!.First.Should().Be(6);
        queue.Batch(queue.Acked, 10, 0)!.LostAgent.Should().Be(2);
    }

    [Fact]
    public void A_queue_full_of_bytes_refuses_too()
    {
        var queue = new FlowQueue(100, 50);
        queue.Add(new() { Segment = new string('x', 40) });
        queue.Add(new() { Segment = new string('x', 40) });
        (queue.Count, queue.Lost).Should().Be((1, 1));
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

    [Fact]
    public void Made_is_always_acked_and_queued_and_lost() => Gen.Int[0, 2].Array[0, 200].Sample(steps =>
    {
        var queue = new FlowQueue(10, 1 << 20);
        var made = 0;
        foreach (var step in steps)
        {
            if (step < 2) queue.Add(Record(made++));
            else queue.Ack(queue.Incarnation, queue.Acked + 1);
        }
        return made == (int)queue.Acked + queue.Count + (int)queue.Lost;
    });

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
