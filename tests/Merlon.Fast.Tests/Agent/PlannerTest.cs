using AwesomeAssertions;
using Merlon.Agent.Sync;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class PlannerTest
{
    [Fact]
    public void An_epoch_stays_while_the_ruleset_and_the_guard_stay()
    {
        var first = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1)), "a");
        var second = Samples.Plan(first.Book, Samples.Policy(2, Samples.Endpoint(1)), "a");
        second.Nics[0].Epoch.Should().Be(first.Nics[0].Epoch);
        second.Nics[0].Vnic.Should().Be(first.Nics[0].Vnic);
    }

    [Fact]
    public void A_changed_ruleset_gets_an_epoch_that_no_vNIC_ever_had()
    {
        var first = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1), Samples.Endpoint(2)), "a");
        var second = Samples.Plan(first.Book, Samples.Policy(2, Samples.Endpoint(1)), "b");
        var third = Samples.Plan(second.Book, Samples.Policy(3, Samples.Endpoint(1)), "a");
        first.Nics.Concat(second.Nics).Concat(third.Nics).Select(n => n.Epoch).Should().OnlyHaveUniqueItems();
    }

    /// <summary>Epochs after "a" became "b" in a step that speaks for a tenant, and after what comes then at a time.</summary>
    [Theory]
    [InlineData("shop", null, "b", 99L, true)]
    [InlineData("platform", null, "b", 99L, true)]
    [InlineData("rival", null, "b", 99L, false)]
    [InlineData("shop", 100L, "b", 99L, true)]
    [InlineData("shop", 100L, "b", 100L, false)]
    [InlineData("shop", null, "c", 99L, false)]
    public void What_a_step_lets_go_on_keeps_its_epoch_until_then(string tenant, long? until, string next, long at, bool same)
    {
        var policy = Samples.Policy(1, Samples.Endpoint(1));
        var first = Samples.Plan(HostBook.Empty, policy, "a");
        var second = Samples.Plan(10, new(1, until, [tenant]), first.Book, policy, "b");
        second.Book.NextCut.Should().Be(tenant == "rival" ? null : until);
        var third = Samples.Plan(at, null, second.Book, policy, next);
        (third.Nics[0].Epoch == first.Nics[0].Epoch).Should().Be(same);
    }

    [Fact]
    public void The_earlier_of_two_ends_stays_and_a_changed_guard_cuts_whatever_the_step_says()
    {
        var policy = Samples.Policy(1, Samples.Endpoint(1));
        var first = Samples.Plan(HostBook.Empty, policy, "a");
        var second = Samples.Plan(10, new(1, 100, ["shop"]), first.Book, policy, "b");
        var third = Samples.Plan(20, new(2, null, ["shop"]), second.Book, policy, "c");
        third.Book.NextCut.Should().Be(100);
        var observed = policy with { Nics = [policy.Nics[0] with { Guard = policy.Nics[0].Guard with { Mode = Merlon.Policy.Model.Enforcement.Observe } }] };
        Samples.Plan(10, new(1, null, ["platform"]), first.Book, observed, "b").Nics[0].Epoch.Should().NotBe(first.Nics[0].Epoch);
        var untracked = policy with { Nics = [policy.Nics[0] with { Guard = policy.Nics[0].Guard with { Untracked = new([new(3260, 3261)], []) } }] };
        Samples.Plan(10, new(1, null, ["platform"]), first.Book, untracked, "b").Nics[0].Epoch.Should().NotBe(first.Nics[0].Epoch);
    }

    /// <summary>What it approved was said from an address that is another's now, or nobody's: no step lets that go on.</summary>
    [Fact]
    public void A_vNIC_that_loses_an_address_gets_a_new_epoch_and_one_that_gains_one_does_not()
    {
        var first = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1, "10.8.0.1"), Samples.Endpoint(2, "10.8.0.2")), "a");
        var gained = Samples.Plan(first.Book, Samples.Policy(2, Samples.Endpoint(1, "10.8.0.1", "10.8.0.77"), Samples.Endpoint(2, "10.8.0.2")), "a");
        gained.Nics.Select(n => n.Epoch).Should().Equal(first.Nics.Select(n => n.Epoch));
        var lost = Samples.Plan(10, new(2, null, ["platform"]), gained.Book, Samples.Policy(3, Samples.Endpoint(1, "10.8.0.1"), Samples.Endpoint(2, "10.8.0.2", "10.8.0.77")), "a");
        lost.Nics[0].Epoch.Should().NotBe(first.Nics[0].Epoch);
        lost.Nics[1].Epoch.Should().Be(first.Nics[1].Epoch);
    }

    [Fact]
    public void A_changed_guard_gets_a_new_epoch()
    {
        var policy = Samples.Policy(1, Samples.Endpoint(1));
        var first = Samples.Plan(HostBook.Empty, policy, "a");
        var observed = policy with { Nics = [policy.Nics[0] with { Guard = policy.Nics[0].Guard with { Mode = Merlon.Policy.Model.Enforcement.Observe } }] };
        Samples.Plan(first.Book, observed, "a").Nics[0].Epoch.Should().NotBe(first.Nics[0].Epoch);
    }

    [Fact]
    public void A_trunk_port_has_a_segment_of_its_own_and_a_new_epoch()
    {
        var policy = Samples.Policy(1, Samples.Endpoint(1), Samples.Endpoint(2));
        var first = Samples.Plan(HostBook.Empty, policy, "a");
        var trunk = policy.Nics[0] with { Guard = policy.Nics[0].Guard with { Frames = new([new(10, 10)], []) } };
        var second = Samples.Plan(first.Book, policy with { Nics = [trunk, policy.Nics[1]] }, "a");
        first.Nics[0].Segment.Should().Be(first.Nics[1].Segment);
        second.Nics[0].Segment.Should().NotBe(second.Nics[1].Segment);
        second.Nics[1].Segment.Should().Be(first.Nics[1].Segment);
        second.Nics[0].Epoch.Should().NotBe(first.Nics[0].Epoch);
        new HostNames(second.Book).Segment(second.Nics[0].Segment).Should().Be("br0");
    }

    [Fact]
    public void A_vNIC_that_left_and_comes_back_is_another_one()
    {
        var first = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1)), "a");
        var without = Samples.Plan(first.Book, Samples.Policy(2), "a");
        var again = Samples.Plan(without.Book, Samples.Policy(3, Samples.Endpoint(1)), "a");
        again.Nics[0].Vnic.Should().NotBe(first.Nics[0].Vnic);
        without.Book.Retired.Should().ContainSingle().Which.Vm.Should().Be("vm-1");
    }

    [Fact]
    public void A_slot_is_not_handed_on_in_the_plan_that_frees_it()
    {
        var first = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1)), "a");
        var second = Samples.Plan(first.Book, Samples.Policy(2, Samples.Endpoint(2)), "a");
        second.Nics[0].Slot.Should().NotBe(first.Nics[0].Slot);
    }

    [Fact]
    public void A_rule_keeps_its_id_and_a_new_one_gets_another()
    {
        var policy = Samples.Policy(1, Samples.Endpoint(1));
        var first = Samples.Plan(HostBook.Empty, policy, "a", "x", "y");
        var second = Samples.Plan(first.Book, policy, "a", "z", "x");
        second.RuleIds[1].Should().Be(first.RuleIds[0]);
        first.RuleIds.Should().NotContain(second.RuleIds[0]);
    }

    [Fact]
    public void What_a_failed_change_handed_out_is_spent()
    {
        var first = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1)), "a");
        var failed = Samples.Plan(first.Book, Samples.Policy(2, Samples.Endpoint(1), Samples.Endpoint(2)), "b");
        var book = first.Book.WithCountersOf(failed.Book);
        var next = Samples.Plan(book, Samples.Policy(3, Samples.Endpoint(1), Samples.Endpoint(2)), "c");
        next.Nics.Select(n => n.Epoch).Should().NotIntersectWith(failed.Nics.Select(n => n.Epoch));
        next.Nics[1].Vnic.Should().NotBe(failed.Nics[1].Vnic);
    }

    [Fact]
    public void Bind_words_carry_record_and_epoch_and_leave_other_slots_unbound()
    {
        var plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1), Samples.Endpoint(2)), "a");
        plan.Bind().Should().Equal(1ul | 1ul << 32, 2ul | 2ul << 32);
    }
}
