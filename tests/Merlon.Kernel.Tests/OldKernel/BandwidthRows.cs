using AwesomeAssertions;
using Merlon.Datapath;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>What libvirt's <c>&lt;bandwidth&gt;</c> puts on a tap, made by the same tc commands, beside clsact.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public class BandwidthRows(OldKernelCable place)
{
    [Fact]
    public void Inbound_shaping_and_the_filter_work_side_by_side()
    {
        Tc("qdisc", "add", "dev", place.Db.Ifname, "root", "handle", "1:", "htb", "default", "1");
        Tc("class", "add", "dev", place.Db.Ifname, "parent", "1:", "classid", "1:1", "htb", "rate", "20mbit");
        try
        {
            place.Cable.Delivered(7789).Should().Be(20);
            var shaped = OldKernelCable.NumberAfter(Tc("-s", "class", "show", "dev", place.Db.Ifname), "bytes ");
            shaped.Should().BeGreaterThanOrEqualTo(20);
            place.Cable.Delivered(7791).Should().Be(0);
            place.Cable.OnHost(() => place.Cable.Attacher.Verify(place.Cable.Ifindex(place.Db)).Problem.Should().BeNull());
        }
        finally
        {
            Tc("qdisc", "del", "dev", place.Db.Ifname, "root");
        }
    }

    [Fact]
    public void Outbound_policing_stands_where_clsact_would_and_is_not_taken_away()
    {
        var port = place.Cable.Ifindex(place.Web);
        place.Cable.OnHost(() => place.Cable.Attacher.Detach(port));
        Tc("qdisc", "add", "dev", place.Web.Ifname, "ingress");
        try
        {
            Tc("filter", "add", "dev", place.Web.Ifname, "parent", "ffff:", "protocol", "all", "u32", "match", "u32", "0", "0",
                "police", "rate", "10mbit", "burst", "100k", "mtu", "64kb", "drop", "flowid", ":1");
            place.Cable.OnHost(() =>
            {
                var attach = () => place.Cable.Attacher.Attach(port, 7);
                attach.Should().Throw<DatapathException>().Which.Code.Should().Be("foreign-ingress-qdisc");
                place.Cable.Attacher.Verify(port).Present.Should().BeFalse();
            });
            Tc("filter", "show", "dev", place.Web.Ifname, "ingress").Should().Contain("police");
        }
        finally
        {
            Tc("qdisc", "del", "dev", place.Web.Ifname, "ingress");
            place.Cable.OnHost(() => place.Cable.Attacher.Attach(port, 7));
        }
        place.Cable.Delivered(7789).Should().Be(20);
        place.Cable.Delivered(7791).Should().Be(0);
    }

    [Fact]
    public void Policing_handed_over_to_a_filter_behind_ours_still_polices()
    {
        Tc("filter", "add", "dev", place.Web.Ifname, "ingress", "prio", "2", "protocol", "all", "u32", "match", "u32", "0", "0",
            "police", "rate", "8kbit", "burst", "500", "mtu", "64kb", "drop", "flowid", ":1");
        try
        {
            place.Cable.Delivered(7789).Should().BeInRange(1, 15, "the burst passes, the rest is over the rate");
            place.Cable.OnHost(() => place.Cable.Attacher.Verify(place.Cable.Ifindex(place.Web)).Problem.Should().BeNull());
        }
        finally
        {
            Tc("filter", "del", "dev", place.Web.Ifname, "ingress", "prio", "2");
        }
        place.Cable.Delivered(7789).Should().Be(20);
    }

    private string Tc(params string[] args) => place.OnHost(["tc", .. args]);
}
