using AwesomeAssertions;
using Merlon.Agent.Guests;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class GuestBookTest
{
    [Fact]
    public void A_later_claimant_is_left_out_of_the_inventory_and_named_also_after_a_restart()
    {
        var book = new GuestBook();
        book.SetDomains([Guest(2, "10.8.0.5")]);
        book.Inventory();
        book.SetDomains([Guest(1, "10.8.0.4", "10.8.0.5"), Guest(2, "10.8.0.5")]);
        FirstKeepsIt(book);

        var next = new GuestBook { Owners = book.Owners };
        next.SetDomains(book.Domains);
        FirstKeepsIt(next);
    }

    /// <summary>A reconcile would let its port in as one whose VM is here (docs/decisions/0010).</summary>
    [Fact]
    public void Interfaces_of_a_guest_at_the_gate_are_no_reconcile_s()
    {
        var book = new GuestBook();
        book.SetDomains([Guest(1), Guest(2)]);
        book.AtGate(Samples.Key(1).VmUuid, waits: true);
        book.Ifnames().Values.Should().Equal("vnet2");
        book.AtGate(Samples.Key(1).VmUuid, waits: false);
        book.Ifnames().Values.Should().BeEquivalentTo("vnet1", "vnet2");
    }

    private static void FirstKeepsIt(GuestBook book)
    {
        var vms = book.Inventory().Vms;
        vms.Single(v => v.Name == "vm-1").Nics[0].Addresses.Should().Equal("10.8.0.4");
        vms.Single(v => v.Name == "vm-2").Nics[0].Addresses.Should().Equal("10.8.0.5");
        book.Refused.Should().Equal(new Merlon.Agent.Sync.RefusedClaim("default", "10.8.0.5", "vm-2", "vm-1"));
    }

    private static Guest Guest(int number, params string[] addresses) => new(
        Samples.Key(number).VmUuid, $"vm-{number}", "shop", new Dictionary<string, string>(), true, false,
        [new(0, $"52:54:00:00:00:{number:x2}", "br0", $"vnet{number}", [.. addresses], null)]);
}
