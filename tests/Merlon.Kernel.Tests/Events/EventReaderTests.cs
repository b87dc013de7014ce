using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Events;

/// <summary>A program that sends one event a packet, so that counts must agree exactly.</summary>
public sealed class EventReaderTests : IDisposable
{
    private readonly LoadedProgram _program = LoadedProgram.OfMaps();
    private readonly TapLink _link = new();

    public void Dispose()
    {
        _program.Dispose();
        _link.Dispose();
    }

    [Fact]
    public void Every_event_arrives_once_with_its_content()
    {
        using var reader = _program.Datapath.OpenEvents();
        for (var length = 60; length < 160; length++) Send(length, 1);
        var events = Drain(reader);
        events.Select(e => (int)e.Packets[0]).Should().BeEquivalentTo(Enumerable.Range(60, 100).Where(l => l != 77));
        events.Should().OnlyContain(e => e.Type == EventType.Deny && e.TimeNs > 0);
        Drain(reader).Should().BeEmpty();
        reader.Unknown.Should().Be(0);
    }

    [Fact]
    public void A_full_ring_loses_events_and_every_loss_is_counted()
    {
        using var reader = _program.Datapath.OpenEvents();
        Send(64, 5000);
        var counters = _program.Datapath.Counters;
        var (sent, lost) = (counters[Counter.EventsSent], counters[Counter.EventsLost]);
        lost.Should().BeGreaterThan(0);
        (sent + lost).Should().Be(5000);
        Drain(reader).Should().HaveCount((int)sent);
        Send(64, 1);
        Drain(reader).Should().HaveCount(1);
    }

    [Fact]
    public async Task Counts_are_exact_while_all_CPUs_send_and_one_thread_reads()
    {
        using var reader = _program.Datapath.OpenEvents();
        var senders = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++) Send(100, 100);
        })).ToArray();
        var all = Task.WhenAll(senders);
        var read = 0;
        while (!all.IsCompleted)
        {
            reader.Wait(TimeSpan.FromMilliseconds(50));
            read += Drain(reader).Count;
        }
        await all;
        read += Drain(reader).Count;
        var counters = _program.Datapath.Counters;
        TestContext.Current.TestOutputHelper!.WriteLine($"read {read}, lost {counters[Counter.EventsLost]}");
        (counters[Counter.EventsSent] + counters[Counter.EventsLost]).Should().Be(200_000);
        read.Should().Be((int)counters[Counter.EventsSent]);
    }

    [Fact]
    public async Task Wait_ends_for_an_event_for_a_wake_and_for_the_clock()
    {
        using var reader = _program.Datapath.OpenEvents();
        reader.Wait(TimeSpan.FromMilliseconds(20)).Should().BeFalse();
        var waiting = Task.Run(() => reader.Wait(TimeSpan.FromSeconds(20)));
        reader.Wake();
        (await waiting).Should().BeTrue();
        waiting = Task.Run(() => reader.Wait(TimeSpan.FromSeconds(20)));
        Send(64, 1);
        (await waiting).Should().BeTrue();
        Drain(reader).Should().ContainSingle();
    }

    [Fact]
    public void Unread_events_survive_the_agent()
    {
        Send(64, 3);
        _program.Reopen();
        using var reader = _program.Datapath.OpenEvents();
        Drain(reader).Should().HaveCount(3);
    }

    private void Send(int length, int repeat) => _program.Datapath.Tests.Run("from_vm", new byte[length], _link.Ifindex, repeat);

    private static List<MerlonEvent> Drain(EventReader reader)
    {
        var all = new List<MerlonEvent>();
        var some = new MerlonEvent[64];
        for (int n; (n = reader.Drain(some)) > 0;) all.AddRange(some.AsSpan(0, n));
        return all;
    }
}
