using AwesomeAssertions;
using CsCheck;
using Merlon.Agent.Sync;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class NumberPoolTest
{
    [Fact]
    public void A_number_in_use_is_never_handed_out() => Gen.UInt[1, 20].HashSet[0, 15].Sample(used =>
    {
        var pool = new NumberPool("test", 1, 20, 1, used);
        var taken = Enumerable.Range(0, 20 - used.Count).Select(_ => pool.Take()).ToList();
        taken.Should().OnlyHaveUniqueItems().And.NotIntersectWith(used);
    });

    [Fact]
    public void A_number_that_was_given_back_is_reused_last()
    {
        var pool = new NumberPool("test", 1, 5, 3, [1, 2]);
        new[] { pool.Take(), pool.Take(), pool.Take() }.Should().Equal(3, 4, 5);
        pool.Cursor.Should().Be(1);
    }

    [Fact]
    public void When_all_are_in_use_the_policy_is_refused()
    {
        var pool = new NumberPool("slot", 0, 1, 0, [0, 1]);
        pool.Invoking(p => p.Take()).Should().Throw<PolicyRefused>().WithMessage("all 2 slot numbers of this host are in use");
    }
}
