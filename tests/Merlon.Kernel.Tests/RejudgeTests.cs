using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class RejudgeTests : IDisposable
{
    private readonly Shop _shop = new();

    public void Dispose() => _shop.Dispose();

    private ulong Rejudged => _shop.Kernel.Counters[Counter.Rejudged];

    [Fact]
    public void A_connection_that_is_still_allowed_goes_on_and_is_judged_once_per_side()
    {
        var talk = new Talk(_shop, _shop.WebToDb(), 1001).Open();
        _shop.Apply(Shop.Manifest);
        var before = Rejudged;
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
            Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
        }
        Assert.Equal(before + 2, Rejudged);
        Assert.Equal((2U, 2U), (talk.Entry().SourceEpoch, talk.Entry().DestinationEpoch));
    }

    [Fact]
    public void A_new_image_with_the_old_epochs_judges_nobody_again()
    {
        var talk = new Talk(_shop, _shop.WebToDb(), 1002).Open();
        var before = Rejudged;
        _shop.Commit(_shop.Image!, bump: false);
        _shop.Commit(_shop.Image!, bump: false);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
        Assert.Equal(before, Rejudged);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_connection_whose_rule_is_gone_is_cut_on_its_next_packet_and_goes_on_if_it_returns_soon(bool serverFirst)
    {
        var talk = new Talk(_shop, _shop.WebToDb(), 1003).Open();
        _shop.Events();
        _shop.Apply(Shop.Manifest.Replace("tcp/80, ", "", StringComparison.Ordinal));
        var outcome = serverFirst ? talk.Server(Tcp.Ack, 10) : talk.Client(Tcp.Ack, 10);
        Assert.Equal(new(false, "from_vm", Reason.Revoked), outcome);
        var told = Assert.Single(_shop.Events(), e => e.Type == EventType.Deny);
        Assert.Equal(Reason.Revoked, told.Reason);
        Assert.Equal("default", _shop.Rules[told.OutRule]);
        Assert.Equal(ConnState.Established, talk.Entry().State);
        _shop.Apply(Shop.Manifest);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
    }

    [Fact]
    public void Only_the_vnic_whose_epoch_moved_is_judged_again()
    {
        var (a, b) = (new Talk(_shop, _shop.WebToDb(), 1004).Open(), new Talk(_shop, _shop.WebToOutside(), 1005).Open());
        var bind = new ulong[AbiLimits.MaxSlots];
        for (var i = 0; i < _shop.Image!.Nics.Length; i++)
        {
            var port = _shop.Ports.Values.Single(p => p.Key == _shop.Image.Nics[i].Key);
            bind[port.Record.Slot] = (uint)(i + 1) | (port == _shop.Db ? 2UL : 1UL) << 32;
        }
        _shop.Kernel.Images.Commit(_shop.Image.Words.AsSpan(), bind, []);
        var before = Rejudged;
        a.Client(Tcp.Ack, 10);
        a.Server(Tcp.Ack, 10);
        b.Client(Tcp.Ack, 10);
        b.Server(Tcp.Ack, 10);
        Assert.Equal(before + 1, Rejudged);
    }

    [Fact]
    public void An_address_that_moved_to_a_new_vnic_is_judged_and_claimed_by_it()
    {
        var talk = new Talk(_shop, _shop.WebToDb(), 1006).Open();
        _shop.ChangePort("db", p => p with { Vnic = 77 });
        _shop.Kernel.Macs.Set(_shop.Db.Record.Segment, _shop.Db.Mac, _shop.Db.Ifindex, 77);
        _shop.Kernel.Owners.Set(0, _shop.Db.V4, 77);
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(77U, talk.Entry().DestinationVnic);
    }

    /// <summary>Map macs knows nobody behind a listed MAC, and map owners nobody for a listed address.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_speaks_by_a_listed_address_and_MAC_is_known_for_itself_again(bool client)
    {
        var (address, mac) = (Address.Parse("10.0.0.100"), new MacAddress(0x5e00010a));
        _shop.Kernel.Licences.Set(_shop.Web.Record.Vnic, _shop.Web.Record.Slot, new([Prefix.Of(address)], [mac]));
        var packet = _shop.WebToDb() with { Source = address, SourceMac = mac, SourcePort = 1008 };
        Outcome Ask() => _shop.Send(packet.Bytes(), _shop.Web.Mac, _shop.Db.Mac);
        Outcome Answer() => _shop.Send(packet.Back().Bytes(), _shop.Db.Mac, _shop.Web.Mac);
        Assert.Equal((Outcome.Pass, Outcome.Pass), (Ask(), Answer()));
        _shop.Apply(Shop.Manifest);
        for (var i = 0; i < 2; i++, client = !client) Assert.Equal(Outcome.Pass, client ? Ask() : Answer());
    }

    /// <summary>Nobody outside is taken for the vNIC whose side an entry has.</summary>
    [Fact]
    public void Who_speaks_by_no_listed_MAC_is_not_taken_for_it()
    {
        var address = Address.Parse("10.0.0.100");
        _shop.Kernel.Licences.Set(_shop.Web.Record.Vnic, _shop.Web.Record.Slot, new([Prefix.Of(address)], [new MacAddress(0x5e00010a)]));
        var packet = _shop.WebToDb() with { Source = address, SourcePort = 1009 };
        Assert.Equal(Outcome.Pass, _shop.Send(packet));
        _shop.Apply(Shop.Manifest);
        Assert.Equal(new(false, "to_vm", Reason.Revoked), _shop.Send(packet with { SourceMac = Shop.Router }));
    }

    [Fact]
    public void An_error_about_a_connection_not_yet_judged_again_waits_for_its_packet()
    {
        var packet = _shop.WebToOutside() with { SourcePort = 1007 };
        _shop.Send(packet);
        _shop.Apply(Shop.Manifest);
        var error = packet.Back() with { Proto = Protocols.Icmp, IcmpType = 3, IcmpCode = 4, Body = packet.Ip() };
        Assert.Equal(new(false, "to_vm", Reason.IcmpUnrelated), _shop.Send(error));
        _shop.Send(packet);
        Assert.Equal(Outcome.Pass, _shop.Send(error));
    }
}
