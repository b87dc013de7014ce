using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A rule set that cuts the operator's own way in, on trial: nobody can confirm it, and at the stated second the old one is back,
/// whoever of the two has died meanwhile.</summary>
[Collection(Alone.Name)]
public sealed class TrialTests
{
    /// <summary>Four hosts at once: each does little but wait.</summary>
    [Fact]
    public Task The_old_rules_are_back_at_the_stated_second() => Task.WhenAll(
        from controllerDies in new[] { false, true }
        from agentDies in new[] { false, true }
        select InPlace(place => OldRulesAreBack(place, controllerDies, agentDies)));

    private static Task InPlace(Action<OperatorPlace> test) => Task.Factory.StartNew(() =>
    {
        using var place = new OperatorPlace();
        test(place);
    }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void OldRulesAreBack(OperatorPlace place, bool controllerDies, bool agentDies)
    {
        var product = place.Product;
        var end = place.Try("6s");
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
        Product.Until("the operator's way, which the record of it leaves", TimeSpan.FromSeconds(5), place.Reaches);
    }
}
