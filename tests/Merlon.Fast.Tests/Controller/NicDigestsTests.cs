using Merlon.Controller.Rules;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Compile;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>The digest that an agent will read back follows time: a rule that has ended is no drift.</summary>
public class NicDigestsTests
{
    private const long Ends = 1_800_000_000;
    private static readonly string Vms = Scene.VmsOf(Scene.Vm("web-1", "tier: web", "10.8.0.5"));

    private static readonly string Rule = Scene.Rules("app",
        $"name: all, from: [any], to: [any], services: [tcp/22], action: allow, expiresAt: {DateTimeOffset.FromUnixTimeSeconds(Ends):yyyy-MM-ddTHH:mm:ssZ}");

    [Fact]
    public void It_is_that_of_the_instant_asked_about()
    {
        var policy = Resolver.Resolve(new Scene(Vms + Rule).Set, new Scene(Vms + Rule).Inventory, "", 1, Ends - 10).Policy;
        var digests = new NicDigests(policy, ImageCompiler.Compile(policy, Ends - 10).Image!, Ends - 10);
        string At(long instant) => Assert.Single(digests.At(instant)!).Value;
        Assert.Equal(At(Ends - 10), At(Ends - 1));
        Assert.NotEqual(At(Ends - 1), At(Ends));
        Assert.Equal(new Scene(Vms).Digest("web-1"), At(Ends));
        Assert.Equal(At(Ends - 10), At(0));
    }

    [Fact]
    public void Of_a_trial_that_is_over_it_is_what_was_before()
    {
        var (before, tried) = (new Scene(Vms).Policy, new Scene(Vms + Rule.Replace("22", "23", StringComparison.Ordinal)).Policy);
        var policy = tried with { Trial = new(100, before) };
        var digests = new NicDigests(policy, ImageCompiler.Compile(policy, 0).Image!, 0);
        Assert.Equal(new Scene(Vms).Digest("web-1"), Assert.Single(digests.At(100)!).Value);
        Assert.NotEqual(new Scene(Vms).Digest("web-1"), Assert.Single(digests.At(99)!).Value);
    }
}
