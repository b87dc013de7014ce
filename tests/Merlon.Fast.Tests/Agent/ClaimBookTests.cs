using Merlon.Agent.Learning;
using Merlon.Contracts.Wire;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class ClaimBookTests
{
    private readonly Clock clock = new();
    private readonly ClaimBook book;

    public ClaimBookTests() => book = new(clock);

    [Fact]
    public void A_claim_is_told_until_it_is_answered()
    {
        Assert.Null(book.Batch());
        book.Add(Arp(1, "10.8.0.77"));
        var batch = book.Batch()!;
        Assert.Equal(("10.8.0.77", (int)LearnBy.Arp, 0u), (Text(Assert.Single(batch.Claims)), batch.Claims[0].By, batch.Claims[0].LeaseSeconds));
        Assert.Equal(batch.Number, book.Batch()!.Number); // a new session asks again
        book.Answer(batch.Number);
        Assert.Null(book.Batch());
        Assert.Equal(batch.Number, book.Answered);
    }

    [Fact]
    public void What_came_while_the_answer_was_on_its_way_is_told_next()
    {
        book.Add(Arp(1, "10.8.0.77"));
        var first = book.Batch()!;
        book.Add(Lease(1, "10.8.0.77", 3600));
        book.Add(Arp(1, "10.8.0.78"));
        book.Answer(first.Number);
        Assert.Equal(["10.8.0.77", "10.8.0.78"], book.Batch()!.Claims.Select(Text));
    }

    [Fact]
    public void Who_claims_one_address_again_and_again_is_told_of_every_ten_seconds()
    {
        book.Add(Arp(1, "10.8.0.77"));
        book.Answer(book.Batch()!.Number);
        book.Add(Arp(1, "10.8.0.77"));
        Assert.Null(book.Batch());
        book.Add(Lease(1, "10.8.0.77", 60)); // that says more
        book.Answer(book.Batch()!.Number);
        book.Add(Lease(1, "10.8.0.77", 60));
        book.Add(Lease(1, "10.8.0.77", 30));
        Assert.Null(book.Batch());
        book.Add(Lease(1, "10.8.0.77", 61));
        book.Answer(book.Batch()!.Number);
        clock.Now += TimeSpan.FromSeconds(10);
        book.Add(Arp(1, "10.8.0.77"));
        book.Answer(book.Batch()!.Number);
        clock.Now += TimeSpan.FromSeconds(10);
        book.Add(Lease(1, "10.8.0.77", 30));
        Assert.NotNull(book.Batch());
        Assert.Equal(0, book.Held);
    }

    [Fact]
    public void A_word_of_the_VM_takes_no_lease_from_it()
    {
        book.Add(Lease(1, "10.8.0.77", 60));
        book.Add(Arp(1, "10.8.0.77"));
        Assert.Equal((int)LearnBy.Dhcp, Assert.Single(book.Batch()!.Claims).By);
    }

    [Fact]
    public void A_VM_that_claims_everything_fills_only_its_own_share()
    {
        for (var i = 0; i < 1000; i++) book.Add(Arp(1, $"10.8.{i >> 8}.{i & 255}"));
        book.Add(Arp(2, "10.9.0.1"));
        Assert.Equal(1000 - ClaimBook.MostOfNic, book.Held);
        var told = book.Batch()!;
        Assert.Equal(ClaimBook.MostOfNic + 1, told.Claims.Count);
        book.Answer(told.Number);
        book.Add(Arp(1, "10.10.0.1")); // not before what it said is old
        Assert.Null(book.Batch());
        clock.Now += TimeSpan.FromSeconds(10);
        book.Add(Arp(1, "10.10.0.1"));
        Assert.Equal("10.10.0.1", Text(Assert.Single(book.Batch()!.Claims)));
    }

    [Fact]
    public void All_of_them_have_a_bound_and_what_is_answered_makes_room()
    {
        for (var i = 0; i < ClaimBook.Most + 5; i++) book.Add(Arp(i, $"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"));
        Assert.Equal(5, book.Held);
        var told = 0;
        for (AddressClaims? batch; (batch = book.Batch()) is not null; book.Answer(batch.Number)) told += batch.Claims.Count;
        Assert.Equal(ClaimBook.Most, told);
        clock.Now += TimeSpan.FromSeconds(10);
        book.Add(Arp(ClaimBook.Most + 7, "10.8.0.77"));
        Assert.Equal("10.8.0.77", Text(Assert.Single(book.Batch()!.Claims)));
    }

    [Fact]
    public async Task Whoever_waits_hears_of_claims_and_of_answers()
    {
        var changed = book.Changed;
        book.Add(Arp(1, "10.8.0.77"));
        await changed.WaitAsync(TestContext.Current.CancellationToken);
        changed = book.Changed;
        Assert.False(changed.IsCompleted);
        book.Answer(1);
        await changed.WaitAsync(TestContext.Current.CancellationToken);
    }

    private static HeardClaim Arp(int vm, string address) => new(Samples.Key(vm), Address.Parse(address), LearnBy.Arp, 0, 1);

    private static HeardClaim Lease(int vm, string address, uint seconds) => new(Samples.Key(vm), Address.Parse(address), LearnBy.Dhcp, seconds, 1);

    private static string Text(LearnedAddress claim) => Address.FromBytes(claim.Address.Span).ToString();

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long GetTimestamp() => Now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
