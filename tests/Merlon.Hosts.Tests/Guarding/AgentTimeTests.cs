using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>The agent's clock: trials that were confirmed, or that an agent slept through, and rules with a schedule.</summary>
public sealed class AgentTimeTests
{
    [Fact]
    public void Confirmed_it_stays_beyond_that_second()
    {
        using var place = new OperatorPlace();
        var end = place.Try("10s");
        place.Product.Cli("confirm", "--wait").Ok();
        Thread.Sleep(end.AddSeconds(2) - DateTimeOffset.UtcNow);
        Assert.False(place.Reaches());
        Assert.Equal(3, place.Product.Cli("confirm").Code);
        place.Product.Cli("rollback", "shop@1", "--wait").Ok();
        Product.Until("the old rules", TimeSpan.FromSeconds(5), place.Reaches);
    }

    /// <summary>For an agent that was dead at the deadline.</summary>
    [Fact]
    public void An_agent_that_starts_too_late_does_not_take_the_trial_up_again()
    {
        using var place = new OperatorPlace();
        var end = place.Try("10s");
        Product.Kill9(place.Product.Controller);
        Product.Kill9(place.Product.Agent);
        Thread.Sleep(end.AddSeconds(1) - DateTimeOffset.UtcNow);
        Assert.False(place.Reaches());
        place.Product.StartAgent();
        Product.Until("the old rules", TimeSpan.FromSeconds(10), place.Reaches);
    }

    /// <summary>The agent alone turns a rule on at the minute that its schedule names: the controller is dead.</summary>
    [Fact]
    public void A_scheduled_rule_comes_at_its_minute()
    {
        using var place = new OperatorPlace();
        var minute = new DateTimeOffset(DateTimeOffset.UtcNow.AddSeconds(8).Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, default).AddMinutes(1);
        place.Product.Apply(OperatorPlace.OpenAt(minute, TimeSpan.FromMinutes(5)));
        Product.Kill9(place.Product.Controller);
        Assert.False(place.Reaches(), "the rule was there before its time");
        var there = place.FirstSuccess(minute.AddSeconds(10));
        Console.WriteLine($"schedule: to begin at {minute:HH:mm:ss}, there at {there:HH:mm:ss.fff}");
        Assert.InRange(there, minute, minute.AddSeconds(2));
        Product.Until("the old session to go on", TimeSpan.FromSeconds(15), place.Answers);
    }
}
