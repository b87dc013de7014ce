using AwesomeAssertions;
using Merlon.Agent.Sync;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class BookSweepTest
{
    private static readonly KernelUse Nothing = new(new HashSet<uint>(), new HashSet<uint>(), new HashSet<ushort>());

    private static (HostPlan Before, HostPlan After) Change()
    {
        var before = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1)), "a", "old");
        return (before, Samples.Plan(before.Book, Samples.Policy(2), "a", "new"));
    }

    [Fact]
    public void A_name_goes_at_the_second_sweep_that_finds_it_idle()
    {
        var (before, after) = Change();
        var sweep = new BookSweep();
        var first = sweep.Sweep(after.Book, after, Nothing);
        first.Book.Rules.Should().ContainKey("shop/p/old@1");
        first.FreedRules.Should().BeEmpty();
        var second = sweep.Sweep(first.Book, after, Nothing);
        second.Book.Rules.Keys.Should().Equal("shop/p/new@1");
        second.FreedRules.Should().Equal(before.RuleIds[0]);
        second.Book.Retired.Should().BeEmpty();
        second.Book.Segments.Should().BeEmpty();
    }

    [Fact]
    public void A_name_that_an_entry_holds_stays()
    {
        var (before, after) = Change();
        var use = new KernelUse(new HashSet<uint> { before.Nics[0].Vnic }, new HashSet<uint> { before.RuleIds[0] }, new HashSet<ushort>());
        var sweep = new BookSweep();
        sweep.Sweep(after.Book, after, use);
        var second = sweep.Sweep(after.Book, after, use);
        second.Book.Should().BeSameAs(after.Book);
    }

    /// <summary>No entry names the VM any more, for another's vNIC took over its end, or it is over and not deleted yet.</summary>
    [Fact]
    public void The_number_of_a_vm_that_is_charged_for_an_element_stays_its_own()
    {
        var (before, after) = Change();
        var vm = before.Book.Budgets.Should().ContainSingle().Subject;
        var charged = Nothing with { Vms = new HashSet<ushort> { vm.Value } };
        var sweep = new BookSweep();
        var second = sweep.Sweep(sweep.Sweep(after.Book, after, charged).Book, after, charged);
        second.Book.Retired.Should().BeEmpty();
        second.Book.Budgets.Should().Equal(after.Book.Budgets);
        sweep.Sweep(second.Book, after, Nothing).Book.Budgets.Should().BeEmpty();
    }
}
