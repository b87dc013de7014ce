using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class NeighbourTests(Shop shop) : IClassFixture<Shop>
{
    private Outcome FromWeb(byte[] frame) => shop.Hook("from_vm", shop.Web, frame);

    private static Outcome Dropped(Reason reason) => new(false, "from_vm", reason);

    [Fact]
    public void Arp_for_its_own_address_passes_and_is_counted()
    {
        var before = shop.Kernel.Counters.RuleHits(AbiLimits.RuleIdBuiltinArp).Decided;
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Web.V4, operation: 2)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Arp(shop.Web.Mac, Address.Parse("0.0.0.0"), shop.Web.V4)));
        Assert.Equal(Outcome.Pass, shop.Hook("to_vm", shop.Web, Neighbour.Arp(Shop.Router, Shop.OutsideV4, shop.Web.V4)));
        Assert.Equal(before + 4, shop.Kernel.Counters.RuleHits(AbiLimits.RuleIdBuiltinArp).Decided);
    }

    [Fact]
    public void Arp_for_another_address_or_mac_is_dropped_and_told()
    {
        shop.Events();
        Assert.Equal(Dropped(Reason.SpoofedArp), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Db.V4, shop.Db.V4, operation: 2)));
        Assert.Equal(Dropped(Reason.SpoofedArp), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4, senderMac: shop.Db.Mac)));
        Assert.Contains(shop.Events(), e => e.Reason == Reason.SpoofedArp && e.Source.ToAddress() == shop.Db.V4 && e.SourceVnic == shop.Web.Record.Vnic);
    }
}
