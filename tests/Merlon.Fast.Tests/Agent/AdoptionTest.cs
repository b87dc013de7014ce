using AwesomeAssertions;
using Merlon.Agent.Sync;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Who takes in connections that ran before, and until when (docs/agent.md, Adopting).</summary>
public sealed class AdoptionTest : IDisposable
{
    private const ulong Second = 1_000_000_000, Start = 1000 * Second;
    private static readonly BookAdoption Begun = new("boot", Start + 60 * Second, 7);
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-adoption").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_running_VM_that_is_guarded_first_has_so_many_seconds()
    {
        Plan(HostBook.Empty, 60, Ran()).Nics[0].Adoption.Should().Be(Begun);
        Plan(HostBook.Empty, 0, Ran()).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void One_that_starts_or_has_just_come_has_none_then_or_later()
    {
        var first = Plan(HostBook.Empty, 60, Ran() with { Ran = (_, _) => false });
        first.Nics[0].Adoption.Should().BeNull();
        Plan(first.Book, 60, Ran()).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void Its_end_stays_whatever_comes_after()
    {
        var first = Plan(HostBook.Empty, 60, Ran());
        Plan(first.Book, 60, Ran(59)).Nics[0].Adoption.Should().Be(Begun);
        Plan(first.Book, 600, Ran(59)).Nics[0].Adoption.Should().Be(Begun);
        Plan(first.Book, 60, Ran(60)).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void A_Guard_that_says_it_later_opens_nothing()
    {
        var first = Plan(HostBook.Empty, 0, Ran());
        Plan(first.Book, 60, Ran()).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void A_Guard_that_no_longer_says_it_ends_it_for_good()
    {
        var first = Plan(HostBook.Empty, 60, Ran());
        var second = Plan(first.Book, 0, Ran(1));
        second.Nics[0].Adoption.Should().BeNull();
        Plan(second.Book, 60, Ran(2)).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void On_another_boot_there_is_none()
    {
        var first = Plan(HostBook.Empty, 60, Ran());
        Plan(first.Book, 60, Ran() with { Boot = "another" }).Nics[0].Adoption.Should().BeNull();
    }

    /// <summary>Stopped and started, reverted, away and back: what was said of the VM that ran is not said of it.</summary>
    [Fact]
    public void Behind_another_interface_there_is_none_nor_back_behind_the_first()
    {
        var first = Plan(HostBook.Empty, 60, Ran());
        var started = Plan(first.Book, 60, Ran(1, ifindex: 8));
        started.Nics[0].Adoption.Should().BeNull();
        Plan(started.Book, 60, Ran(2)).Nics[0].Adoption.Should().BeNull();
        var off = Plan(first.Book, 60, Ran(1) with { Interfaces = new Dictionary<NicKey, int>() });
        off.Nics[0].Adoption.Should().BeNull();
        Plan(off.Book, 60, Ran(2)).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void A_plan_of_before_the_start_gives_the_new_interface_none()
    {
        var nic = Plan(HostBook.Empty, 60, Ran()).Nics[0];
        new WantedPort(7, "tap", nic).AdoptUntilNs.Should().Be(Begun.UntilNs);
        new WantedPort(8, "tap", nic).AdoptUntilNs.Should().Be(0);
    }

    [Fact]
    public void One_that_was_let_go_has_none_when_it_comes_back_nor_after_its_name_is_forgotten()
    {
        var left = Samples.Plan(Plan(HostBook.Empty, 60, Ran()).Book, Samples.Policy(2), "a").Book;
        Plan(left, 60, Ran(1)).Nics[0].Adoption.Should().BeNull();
        Plan(left with { Retired = [] }, 60, Ran(1)).Nics[0].Adoption.Should().BeNull();
        // A book of an earlier version.
        Plan(left with { Known = default }, 60, Ran(1)).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void An_end_approves_nothing()
    {
        var first = Plan(HostBook.Empty, 60, Ran());
        Plan(first.Book, 0, Ran(1)).Nics[0].Epoch.Should().Be(first.Nics[0].Epoch);
    }

    [Fact]
    public void The_book_on_disk_keeps_it_and_one_of_before_is_read()
    {
        var store = new BookStore(_folder);
        var book = Plan(Plan(HostBook.Empty, 60, Ran(), 1, 2).Book, 60, Ran(1), 1).Book;
        store.Save(book);
        store.Load().Nics[0].Adoption.Should().Be(Begun);
        store.Load().Knows(Samples.Key(2)).Should().BeTrue();
        var file = Path.Combine(_folder, "state.json");
        var text = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        text.Remove("known");
        foreach (var nic in text["nics"]!.AsArray()) nic!.AsObject().Remove("adoption");
        File.WriteAllText(file, text.ToJsonString());
        store.Load().Nics[0].Adoption.Should().BeNull();
        store.Save(store.Load());
        Plan(store.Load(), 60, Ran(1)).Nics[0].Adoption.Should().BeNull();
    }

    [Fact]
    public void Those_that_left_are_known_up_to_a_bound_the_newest_of_them()
    {
        var book = HostBook.Empty with { Known = [.. Enumerable.Range(0, 5000).Select(Samples.Key)] };
        var known = book.KnownWith([Samples.Key(4999), Samples.Key(5000)]);
        known.Should().HaveCount(4096).And.OnlyHaveUniqueItems();
        known[^1].Should().Be(Samples.Key(5000));
        known.Should().NotContain(Samples.Key(0));
    }

    private static AdoptionTerms Ran(ulong later = 0, int ifindex = 7) => new("boot", Start + later * Second,
        Enumerable.Range(1, 2).ToDictionary(Samples.Key, _ => ifindex), (_, _) => true);

    private static HostPlan Plan(HostBook book, int adopt, AdoptionTerms terms, params int[] vms)
    {
        var policy = Guarded(adopt, vms is [] ? [1] : vms);
        return Planner.Plan(book, ClaimCourt.Settle(policy, book.Owners), Samples.Image(policy, "a"), 0, terms: terms);
    }

    private static HostPolicy Guarded(int adopt, params int[] vms)
    {
        var policy = Samples.Policy(1, [.. vms.Select(v => Samples.Endpoint(v))]);
        return policy with { Nics = [.. policy.Nics.Select(n => n with { Guard = n.Guard with { Adopt = adopt } })] };
    }
}
