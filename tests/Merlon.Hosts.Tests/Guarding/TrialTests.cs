using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A rule set that cuts the operator's own way in, on trial: nobody can confirm it, and at the stated second the old one is back,
/// whoever of the two has died meanwhile.</summary>
[Collection(Alone.Name)]
public sealed class TrialTests
{
    /// <summary>Five hosts at once: each does little but wait.</summary>
    [Fact]
    public Task The_old_rules_are_back_at_the_stated_second_and_scheduled_ones_come_at_theirs() => Task.WhenAll((
        from controllerDies in new[] { false, true }
        from agentDies in new[] { false, true }
        select InPlace(place => OldRulesAreBack(place, controllerDies, agentDies))).Append(InPlace(ScheduledRuleComes)));

    [Fact]
    public void Confirmed_it_stays_beyond_that_second()
    {
        using var place = new OperatorPlace();
        var end = place.Try("4s");
        place.Product.Cli("confirm", "--wait").Ok();
        Thread.Sleep(end.AddSeconds(2) - DateTimeOffset.UtcNow);
        Assert.False(place.Reaches());
        Assert.Equal(3, place.Product.Cli("confirm").Code);
        place.Product.Cli("rollback", "shop@1", "--wait").Ok();
        Assert.True(place.Reaches());
    }

    /// <summary>For an agent that was dead at the deadline.</summary>
    [Fact]
    public void An_agent_that_starts_too_late_does_not_take_the_trial_up_again()
    {
        using var place = new OperatorPlace();
        var end = place.Try("4s");
        Product.Kill9(place.Product.Controller);
        Product.Kill9(place.Product.Agent);
        Thread.Sleep(end.AddSeconds(1) - DateTimeOffset.UtcNow);
        Assert.False(place.Reaches());
        place.Product.StartAgent();
        Product.Until("the old rules", TimeSpan.FromSeconds(10), place.Reaches);
    }

    private static Task InPlace(Action<OperatorPlace> test) => Task.Factory.StartNew(() =>
    {
        using var place = new OperatorPlace();
        test(place);
    }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The agent alone turns a rule on at the minute that its schedule names: the controller is dead.</summary>
    private static void ScheduledRuleComes(OperatorPlace place)
    {
        var minute = new DateTimeOffset(DateTimeOffset.UtcNow.AddSeconds(8).Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, default).AddMinutes(1);
        place.Product.Apply(OperatorPlace.OpenAt(minute, TimeSpan.FromMinutes(5)));
        Product.Kill9(place.Product.Controller);
        Assert.False(place.Reaches(), "the rule was there before its time");
        var there = place.FirstSuccess(minute.AddSeconds(10));
        Console.WriteLine($"schedule: to begin at {minute:HH:mm:ss}, there at {there:HH:mm:ss.fff}");
        Assert.InRange(there, minute, minute.AddSeconds(2));
        Product.Until("the old session to go on", TimeSpan.FromSeconds(15), place.Answers);
    }

    private static void OldRulesAreBack(OperatorPlace place, bool controllerDies, bool agentDies)
    {
        var product = place.Product;
        var end = place.Try("8s");
        Assert.False(place.Reaches(), "the new rules let the operator in");
        if (controllerDies) Product.Kill9(product.Controller);
        if (agentDies)
        {
            Product.Kill9(product.Agent);
            product.StartAgent();
        }
        var back = place.FirstSuccess(end.AddSeconds(10));
        Console.WriteLine($"controller dies {controllerDies}, agent dies {agentDies}: to end at {end:HH:mm:ss}, back at {back:HH:mm:ss.fff}");
        Assert.InRange(back, end, end.AddSeconds(2));
        Product.Until("the old session to go on", TimeSpan.FromSeconds(15), place.Answers);
        if (controllerDies) product.StartController();
        Product.Until("the record of it", TimeSpan.FromSeconds(20), () => product.Revisions()[^1] is { Tenant: "shop", By: "clock", Note: { } note } && note.StartsWith("rolled back: not confirmed", StringComparison.Ordinal));
        product.WaitReady();
        Assert.True(place.Reaches(), "the record of it took the operator's way again");
    }
}
