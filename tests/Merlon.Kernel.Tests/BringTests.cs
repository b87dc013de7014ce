using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>Connections go from one loaded program to another, as with a VM that moves between two hosts, and what hostile streams would gain.</summary>
public sealed class BringTests : IDisposable
{
    private const int Port = 7301;
    private readonly Shop _from = new();
    private readonly Shop _to = new();

    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
    }

    /// <summary>As the agent sends it: what is of one host stays there.</summary>
    private static HeldConnection Carried(Shop shop, string vm, int port = Port)
    {
        var held = Assert.Single(shop.Kernel.Connections.Held(new HashSet<uint> { shop[vm].Record.Vnic }), h => Is(h.Key, port));
        var c = held.Record;
        return held with
        {
            Record = new()
            {
                Flags = c.Flags & (ConnFlags.InitiatorB | ConnFlags.FinA | ConnFlags.FinB | ConnFlags.ScaleOk | ConnFlags.LogClose),
                Scale = c.Scale,
                Expires = (uint)BootClock.Until(c.Expires).TotalMilliseconds,
                Window = c.Window,
                Packets = c.Packets,
                Bytes = c.Bytes,
                CreatedNs = BootClock.NowNs - c.CreatedNs,
                LastMs = BootClock.NowMs - c.LastMs,
                MaxAck = c.MaxAck,
            },
        };
    }

    private static bool Is(ConnKey6 key, int port) => new[] { key.PortA, key.PortB }.Contains(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ushort)port));

    private static Brought Bring(Shop shop, string vm, HeldConnection carried, Func<ConnRecord, ConnRecord>? change = null)
    {
        var record = change is null ? carried.Record : change(carried.Record);
        record.Side[carried.Side].Vnic = shop[vm].Record.Vnic;
        record.Vm = shop[vm].Record.Vm;
        return shop.Kernel.Connections.Bring(carried with { Record = record });
    }

    private static Talk Same(Talk talk, Shop shop, Packet syn) => new(shop, syn, Port) { ClientSeq = talk.ClientSeq, ServerSeq = talk.ServerSeq };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_connection_goes_on_at_another_host_with_its_windows_counters_and_times(bool v6)
    {
        var old = new Talk(_from, _from.WebToOutside(v6), Port).Open(scale: 7);
        Assert.Equal(Outcome.Pass, old.Client(Tcp.Ack | Tcp.Psh, 500));
        Assert.Equal(Outcome.Pass, old.Server(Tcp.Ack, 300));
        var sent = old.Entry();
        var talk = Same(old, _to, _to.WebToOutside(v6));
        Assert.Equal(Reason.TcpNoConnection, talk.Server(Tcp.Ack, 10).Reason); // the control
        Assert.Equal(new Brought(false, Reason.None), Bring(_to, "web", Carried(_from, "web")));
        var came = talk.Entry();
        Assert.Equal((sent.PacketsOut, sent.PacketsBack, sent.BytesOut, sent.BytesBack), (came.PacketsOut, came.PacketsBack, came.BytesOut, came.BytesBack));
        Assert.Equal((ConnState.Established, 0U, _to.Web.Record.Vnic, 0U), (came.State, came.OutRule, came.SourceVnic, came.SourceEpoch));
        Assert.InRange(came.Remaining - sent.Remaining, TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(1));
        // Exactly what was offered, and not a byte more: 64000 << 7 from the last acknowledgement.
        Assert.Equal(Reason.TcpOutOfWindow, talk.Server(Tcp.Ack, 10, seq: talk.ServerSeq - 300 + (64000 << 7) + 1).Reason);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 100));
        var judged = talk.Entry();
        Assert.Equal((1U, "shop/app/web-out@1"), (judged.SourceEpoch, _to.Rules[judged.OutRule]));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.FinAck));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.FinAck));
        Assert.Equal(ConnState.Closed, talk.Entry().State);
    }

    [Fact]
    public void What_the_destination_forbids_does_not_go_on()
    {
        var old = new Talk(_from, _from.WebToOutside(), Port).Open();
        using var strict = new Shop("""
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: strict, tenant: platform}
            spec:
              tier: platform
              rules:
              - {name: no, from: [any], to: [any], services: [tcp/443], action: deny}
            """);
        Bring(strict, "web", Carried(_from, "web"));
        var talk = Same(old, strict, strict.WebToOutside());
        Assert.Equal(Reason.Revoked, talk.Client(Tcp.Ack, 10).Reason);
        Assert.Equal(Reason.Revoked, talk.Server(Tcp.Ack, 10).Reason);
    }

    [Fact]
    public void An_end_that_is_here_keeps_its_entry_and_both_go_on()
    {
        // db stayed at this host, and saw its neighbour come from outside until now.
        var old = new Talk(_to, _to.WebToDb(), Port).Open();
        Assert.Equal(1, _to.Kernel.Connections.RemoveVnic(_to.Web.Record.Vnic));
        var before = old.Entry();
        var elsewhere = new Talk(_from, _from.WebToDb(), Port).Open();
        var forged = Carried(_from, "web");
        Assert.Equal(new Brought(true, Reason.None), Bring(_to, "web", forged, c => c with { Window = default, Packets = default, Expires = 1 }));
        var after = old.Entry();
        Assert.Equal((before.DestinationVnic, before.DestinationEpoch, before.PacketsOut, before.State), (after.DestinationVnic, after.DestinationEpoch, after.PacketsOut, after.State));
        Assert.Equal(Outcome.Pass, old.Client(Tcp.Ack, 100));
        Assert.Equal(Outcome.Pass, old.Server(Tcp.Ack, 100));
        Assert.Equal(1U, old.Entry().SourceEpoch);
        // Who opened it is not the stream's to say.
        Assert.Equal(Reason.TcpInvalidState, Bring(_to, "web", forged, c => c with { Flags = c.Flags ^ ConnFlags.InitiatorB }).Refused);
        Assert.Equal(Outcome.Pass, old.Client(Tcp.Ack, 100));
        GC.KeepAlive(elsewhere);
    }

    /// <summary>db may open anything to web here, and web nothing to db's ssh: a stream that says db opened it gains nothing.</summary>
    [Theory]
    [InlineData(Protocols.Tcp)]
    [InlineData(Protocols.Udp)]
    public void A_forged_role_opens_no_neighbour(int proto)
    {
        using var shop = new Shop("""
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: db-out, tenant: shop}
            spec:
              tier: tenant
              rules:
              - {name: all, from: [vm/db], to: [vm/web], services: [any], action: allow}
            """);
        var forged = Forged(shop, proto);
        Assert.Equal(new Brought(false, Reason.None), Bring(shop, "web", forged));
        var attack = shop.WebToDb() with { Proto = proto, SourcePort = Port, DestinationPort = 5000, Flags = Tcp.Ack, Seq = 1000, Ack = 900000, Data = 10 };
        Assert.Equal("to_vm", shop.Send(attack).Hook);
        Assert.DoesNotContain(shop.Kernel.Connections.List(), e => e.SourceEpoch != 0 && e.SourceVnic == shop.Db.Record.Vnic);
        // The control: where db's own hook says the same, it is an answer.
        Assert.Equal(new Brought(true, Reason.None), Bring(shop, "db", forged with { Side = 1 }));
        Assert.Equal(Outcome.Pass, shop.Send(attack));
    }

    private static HeldConnection Forged(Shop shop, int proto)
    {
        var key = new ConnKey6
        {
            Segment = shop.Web.Record.Segment,
            Proto = (byte)proto,
            AddrA = AddressBytes.From(shop.Web.V4),
            AddrB = AddressBytes.From(shop.Db.V4),
            PortA = Swap(Port),
            PortB = Swap(5000),
        };
        var record = new ConnRecord { Flags = ConnFlags.InitiatorB, Expires = uint.MaxValue };
        for (var side = 0; side < 2; side++) record.Window[side] = new() { End = side == 0 ? 1000U : 900000, MaxEnd = side == 0 ? 65000U : 965000, MaxWin = 64000 };
        return new(key, record, 0);
    }

    private static ushort Swap(int port) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ushort)port);

    [Fact]
    public void Both_ends_that_come_one_after_the_other_speak_to_each_other_again()
    {
        var old = new Talk(_from, _from.WebToDb(), Port).Open();
        Assert.Equal(new Brought(false, Reason.None), Bring(_to, "web", Carried(_from, "web")));
        var talk = Same(old, _to, _to.WebToDb());
        Assert.Equal("to_vm", talk.Client(Tcp.Ack, 10).Hook);
        Assert.Equal(new Brought(true, Reason.None), Bring(_to, "db", Carried(_from, "db")));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
    }

    [Fact]
    public void A_VM_that_comes_back_does_not_meet_its_ghost()
    {
        var old = new Talk(_to, _to.WebToOutside(), Port).Open();
        var elsewhere = new Talk(_from, _from.WebToOutside(), Port) { ClientSeq = 50_000_000, ServerSeq = 70_000_000 }.Open();
        Bring(_to, "web", Carried(_from, "web"));
        var talk = Same(elsewhere, _to, _to.WebToOutside());
        Assert.Equal(Reason.TcpOutOfWindow, old.Server(Tcp.Ack, 10).Reason);
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(Reason.Replaced, Assert.Single(_to.Events(), e => e.Type == EventType.Close).Reason);
        Assert.Equal(1U, _to.Kernel.Budgets.Get(_to.Web.Record.Vm).Connections);
    }

    /// <summary>Another VM of this host that has the very same ends open: it keeps its connection.</summary>
    [Fact]
    public void What_a_VM_brings_ends_nothing_of_another()
    {
        new Talk(_from, _from.WebToOutside(), Port).Open();
        var talk = new Talk(_to, _to.WebToOutside(), Port).Open();
        Assert.Equal(new Brought(false, Reason.TcpInvalidState), Bring(_to, "db", Carried(_from, "web")));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 10));
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 10));
        Assert.Equal(_to.Web.Record.Vnic, talk.Entry().SourceVnic);
        Assert.Equal(0U, _to.Kernel.Budgets.Get(_to["db"].Record.Vm).Connections);
    }

    [Fact]
    public void What_is_told_a_second_time_buries_nothing_that_has_gone_on()
    {
        var old = new Talk(_from, _from.WebToOutside(), Port).Open();
        var carried = Carried(_from, "web");
        Bring(_to, "web", carried);
        var talk = Same(old, _to, _to.WebToOutside());
        Assert.Equal(Outcome.Pass, talk.Client(Tcp.Ack, 100));
        var before = talk.Entry();
        Assert.Equal(new Brought(true, Reason.None), Bring(_to, "web", carried));
        Assert.Equal((before.SourceEpoch, before.PacketsOut), (talk.Entry().SourceEpoch, talk.Entry().PacketsOut));
        Assert.Equal(Outcome.Pass, talk.Server(Tcp.Ack, 100));
        Assert.Equal(1U, _to.Kernel.Budgets.Get(_to.Web.Record.Vm).Connections);
        Assert.DoesNotContain(_to.Events(), e => e.Type == EventType.Close);
    }

    /// <summary>db may open to web, and web may send to db, whose own hook lets none of it in.</summary>
    [Fact]
    public void A_neighbour_whose_own_word_did_not_come_is_answered_on_what_it_opens()
    {
        using var shop = new Shop("""
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: both, tenant: shop}
            spec:
              tier: tenant
              rules:
              - {name: all, from: [vm/db], to: [vm/web], services: [any], action: allow}
              - {name: out, from: [vm/web], to: [vm/db], services: [any], action: allow, appliesTo: [vm/web]}
            """);
        var told = Forged(shop, Protocols.Udp);
        Assert.Equal(new Brought(false, Reason.None), Bring(shop, "web", told, c => c with { Flags = 0 }));
        var packet = shop.WebToDb() with { Proto = Protocols.Udp, SourcePort = Port, DestinationPort = 5000, Data = 10 };
        Assert.Equal("to_vm", shop.Send(packet).Hook); // the control
        Assert.Equal(Outcome.Pass, shop.Send(packet.Back()));
        Assert.Equal(Outcome.Pass, shop.Send(packet));
    }

    [Fact]
    public void One_that_is_older_than_this_machine_is_as_old_as_it()
    {
        new Talk(_from, _from.WebToOutside(), Port).Open();
        Bring(_to, "web", Carried(_from, "web"), c => c with { CreatedNs = ulong.MaxValue });
        Assert.Equal(1UL, Assert.Single(_to.Kernel.Connections.List()).CreatedNs);
    }

    [Fact]
    public void Windows_and_times_are_bounded_by_the_kernel()
    {
        new Talk(_from, _from.WebToOutside(), Port).Open();
        var carried = Carried(_from, "web");
        Assert.Equal(Reason.TcpOutOfWindow, Bring(_to, "web", carried, c => Windowed(c, w => w with { MaxEnd = w.End + 0x7fff_ffff })).Refused);
        Assert.Empty(_to.Kernel.Connections.List());
        Bring(_to, "web", carried, c => Windowed(c, w => w with { MaxWin = uint.MaxValue }) with { Expires = uint.MaxValue });
        Assert.InRange(Assert.Single(_to.Kernel.Connections.List()).Remaining, TimeSpan.FromHours(11.9), TimeSpan.FromHours(12));
        _to.Kernel.Connections.RemoveVnic(_to.Web.Record.Vnic); // else it has been told before
        Bring(_to, "web", carried, c => c with { Expires = uint.MaxValue, Flags = c.Flags | ConnFlags.FinA });
        Assert.InRange(Assert.Single(_to.Kernel.Connections.List()).Remaining, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(120));
        _to.Kernel.Connections.RemoveVnic(_to.Web.Record.Vnic); // else it has been told before
        Bring(_to, "web", carried, c => c with { Expires = uint.MaxValue, Flags = c.Flags | ConnFlags.FinA | ConnFlags.FinB });
        Assert.InRange(Assert.Single(_to.Kernel.Connections.List()).Remaining, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));
    }

    private static ConnRecord Windowed(ConnRecord record, Func<ConnWindow, ConnWindow> change)
    {
        record.Window[0] = change(record.Window[0]);
        return record;
    }

    [Fact]
    public void A_VM_brings_no_more_than_its_budget_and_the_timer_ends_what_it_brought()
    {
        new Talk(_from, _from.WebToOutside(), Port).Open();
        var carried = Carried(_from, "web");
        _to.Kernel.Budgets.SetLimits(_to.Web.Record.Vm, 3, 100);
        var results = Enumerable.Range(0, 5).Select(i => Bring(_to, "web", carried with { Key = carried.Key with { PortA = (ushort)(100 + i) } }, c => c with { Expires = 300 })).ToList();
        Assert.Equal([Reason.None, Reason.None, Reason.None, Reason.VmBudget, Reason.VmBudget], results.Select(r => r.Refused));
        Thread.Sleep(400);
        _to.WaitForTimer();
        Assert.Empty(_to.Kernel.Connections.List());
        Assert.Equal(0U, _to.Kernel.Budgets.Get(_to.Web.Record.Vm).Connections);
    }
}
