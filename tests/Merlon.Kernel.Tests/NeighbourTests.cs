using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class NeighbourTests(Shop shop) : IClassFixture<Shop>
{
    private const int Rs = 133, Ra = 134, Ns = 135, Na = 136, Redirect = 137;
    private static readonly Address AllNodes = Address.Parse("ff02::1");
    private static readonly Address Unspecified = Address.Parse("::");

    private Outcome FromWeb(byte[] frame) => shop.Hook("from_vm", shop.Web, frame);

    private Outcome FromWeb(Packet packet) => FromWeb(packet.Bytes());

    private static Outcome Dropped(Reason reason, string hook = "from_vm") => new(false, hook, reason);

    [Fact]
    public void Arp_for_its_own_address_passes_and_is_counted()
    {
        var before = shop.Kernel.Counters.RuleHits(AbiLimits.RuleIdBuiltinArp);
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Web.V4, operation: 2)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Arp(shop.Web.Mac, Address.Parse("0.0.0.0"), shop.Web.V4)));
        Assert.Equal(Outcome.Pass, shop.Hook("to_vm", shop.Web, Neighbour.Arp(Shop.Router, Shop.OutsideV4, shop.Web.V4)));
        Assert.Equal(before + 4, shop.Kernel.Counters.RuleHits(AbiLimits.RuleIdBuiltinArp));
    }

    [Fact]
    public void Arp_for_another_address_or_mac_is_dropped_and_told()
    {
        shop.Events();
        Assert.Equal(Dropped(Reason.SpoofedArp), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Db.V4, shop.Db.V4, operation: 2)));
        Assert.Equal(Dropped(Reason.SpoofedArp), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4, senderMac: shop.Db.Mac)));
        Assert.Contains(shop.Events(), e => e.Reason == Reason.SpoofedArp && e.Source.ToAddress() == shop.Db.V4 && e.SourceVnic == shop.Web.Record.Vnic);
    }

    [Fact]
    public void Arp_of_another_hardware_or_cut_short_is_dropped()
    {
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4, hardware: 6)));
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4, size: 8)));
        Assert.Equal(Dropped(Reason.Truncated), FromWeb(Neighbour.Arp(shop.Web.Mac, shop.Web.V4, shop.Db.V4)[..41]));
    }

    [Fact]
    public void Neighbour_discovery_from_own_addresses_passes()
    {
        var w = shop.Web;
        var slla = Neighbour.LinkLayer(1, w.Mac);
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Ns, w.Mac, w.V6, AllNodes, shop.Db.V6, slla)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Ns, w.Mac, w.LinkLocal, AllNodes, shop.Db.V6, slla)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Ns, w.Mac, Unspecified, AllNodes, w.V6)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Na, w.Mac, w.V6, AllNodes, w.V6, Neighbour.LinkLayer(2, w.Mac))));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Na, w.Mac, w.LinkLocal, AllNodes, w.LinkLocal)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Rs, w.Mac, w.LinkLocal, Address.Parse("ff02::2"), null, slla)));
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Rs, w.Mac, Unspecified, Address.Parse("ff02::2"), null)));
        // A nonce (RFC 3971) is nobody's claim.
        Assert.Equal(Outcome.Pass, FromWeb(Neighbour.Nd(Ns, w.Mac, Unspecified, AllNodes, w.V6, [14, 1, 1, 2, 3, 4, 5, 6])));
    }

    [Fact]
    public void Neighbour_discovery_that_claims_what_is_another_s_is_dropped()
    {
        var w = shop.Web;
        var (own, other) = (Neighbour.LinkLayer(2, w.Mac), Neighbour.LinkLayer(2, shop.Db.Mac));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Na, w.Mac, w.V6, AllNodes, shop.Db.V6, own)));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Na, w.Mac, shop.Db.V6, AllNodes, w.V6, own)));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Na, w.Mac, w.V6, AllNodes, w.V6, other)));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Na, w.Mac, w.V6, AllNodes, w.V6, own, other)));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Ns, w.Mac, shop.Db.V6, AllNodes, w.V6)));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Ns, w.Mac, Unspecified, AllNodes, w.V6, Neighbour.LinkLayer(1, w.Mac))));
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Rs, w.Mac, shop.Db.LinkLocal, AllNodes, null)));
        // Behind more options than any stack sends.
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(Neighbour.Nd(Na, w.Mac, w.V6, AllNodes, w.V6, [.. Enumerable.Repeat(own, 8)])));
    }

    [Fact]
    public void Malformed_neighbour_discovery_is_dropped_in_both_directions()
    {
        var w = shop.Web;
        var ns = Neighbour.Nd(Ns, w.Mac, w.V6, AllNodes, shop.Db.V6);
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(ns with { HopLimit = 254 }));
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(ns with { IcmpCode = 1 }));
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(ns with { Body = [.. ns.Body!, 1, 0, 0, 0, 0, 0, 0, 0] }));
        Assert.Equal(Dropped(Reason.Malformed), FromWeb(ns with { Body = [.. ns.Body!, 1, 1, 0, 0] }));
        // What else it claims would stand in the rest.
        Assert.Equal(Dropped(Reason.SpoofedNd), FromWeb(ns with { MoreFragments = true }));
        Assert.Equal(Dropped(Reason.Truncated), FromWeb(ns with { Body = ns.Body![..8] }));
        Assert.Equal(Dropped(Reason.Malformed, "to_vm"), shop.Hook("to_vm", shop.Db, (ns with { HopLimit = 64 }).Bytes()));
    }

    [Fact]
    public void Router_advertisements_come_in_but_never_out()
    {
        var w = shop.Web;
        Assert.Equal(Outcome.Pass, shop.Hook("to_vm", w, Neighbour.Nd(Ra, Shop.Router, Address.Parse("fe80::99"), AllNodes, null).Bytes()));
        Assert.Equal(Dropped(Reason.RouterAdvertisement), FromWeb(Neighbour.Nd(Ra, w.Mac, w.LinkLocal, AllNodes, null)));
        Assert.Equal(Dropped(Reason.RouterAdvertisement), FromWeb(Neighbour.Nd(Redirect, w.Mac, w.LinkLocal, shop.Db.V6, w.V6)));
    }
}
