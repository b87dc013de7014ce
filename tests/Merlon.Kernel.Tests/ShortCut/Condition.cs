using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.ShortCut;

/// <summary>One condition of the short cut: what breaks it, where the next packet goes then, and the text in datapath/ without which the packet
/// would go straight all the same.</summary>
/// <param name="Break">Done to a place whose next packet would go straight.</param>
/// <param name="Change">Of that packet.</param>
/// <param name="Text">Stands in <paramref name="File"/> exactly once; "" = no single text holds this one.</param>
internal sealed record Condition(string Name, Action<CutPlace>? Break, Func<Packet, Packet>? Change, Went Went, string Text, string With, string File = "cut.h")
{
    private const int Web = 0, Db = 1;

    public static readonly Condition[] All =
    [
        new("another source MAC", null, p => p with { SourceMac = Shop.Router }, Went.Nowhere, "return same6(f->source, own->mac);", "return true;"),
        new("another destination MAC", null, p => p with { DestinationMac = Shop.Router }, Went.Nowhere, " || !to_peer(skb, peer)", ""),
        new("a fragment", null, p => p with { MoreFragments = true, Data = 12 }, Went.ByBridge, " || h->fragment & bpf_htons(0x3fff)", ""),
        new("IP options", null, p => p with { Options = [1, 1, 1, 0] }, Went.ByBridge, "", ""),
        new("FIN", null, p => p with { Flags = Tcp.Fin | Tcp.Ack }, Went.ByBridge, "(TCP_FIN | TCP_SYN | TCP_RST | TCP_URG | TCP_ACK)", "(TCP_ACK)"),
        new("RST", null, p => p with { Flags = Tcp.Rst | Tcp.Ack }, Went.ByBridge, "TCP_SYN | TCP_RST | TCP_URG", "TCP_SYN | TCP_URG"),
        new("SYN", null, p => p with { Flags = Tcp.Syn, Seq = 1000 - 8 }, Went.ByBridge, "", ""),
        new("a TCP header longer than the packet", null, p => p with { TcpOffset = 15 }, Went.Nowhere, " || header > l4_length", ""),
        new("outside the window", null, p => p with { Seq = p.Seq + 10_000_000 }, Went.Nowhere, "good = step_ack(c, &b->p, s, s == (c->flags & CONN_INITIATOR_B), true, now) == STEP_PASS;", "good = true;"),
        new("a policy was applied", p => p.World.Apply(Shop.Manifest), null, Went.ByBridge, "c->topology == topology && ", ""),
        new("its rule is gone", p => p.World.Apply(Shop.Manifest.Replace("name: web-db, from: [vm/web]", "name: web-db, from: [vm/db]", StringComparison.Ordinal)), null, Went.Nowhere, "c->topology == topology && ", ""),
        new("a port, bridge, VLAN or capture changed", p => p.World.Kernel.Control.BumpTopology(), null, Went.ByBridge, "c->topology == topology && ", ""),
        new("memory of another connection", p => p.ChangeEntry(e => e with { Tag = e.Tag + 1 }), null, Went.Nowhere, "c->tag == b->tag && ", ""),
        new("closing", p => p.ChangeEntry(e => e with { State = ConnState.Closing }), null, Went.ByBridge, "c->state == CONN_ESTABLISHED && ", ""),
        new("revoked", p => p.ChangeEntry(e => e with { Flags = e.Flags | ConnFlags.Revoked }), null, Went.ByBridge, "!(c->flags & CONN_REVOKED) &&", ""),
        new("expired", p => p.ChangeEntry(e => e with { Expires = BootClock.NowMs - 1000 }), null, Went.Nowhere, " && !past(c->expires, now)", ""),
        new("approved for another vNIC here", p => p.ChangeEntry(e => Side(e, Web, s => s with { Vnic = 77 })), null, Went.ByBridge, "c->side[s].vnic == own && ", ""),
        new("approved for another vNIC there", p => p.ChangeEntry(e => Side(e, Db, s => s with { Vnic = 77 })), null, Went.ByBridge, "c->side[d].vnic == peer && ", ""),
        new("not approved here", p => p.ChangeEntry(e => Side(e, Web, s => s with { Epoch = 0 })), null, Went.ByBridge, "c->side[s].epoch && ", ""),
        new("not approved there", p => p.ChangeEntry(e => Side(e, Db, s => s with { Epoch = 0 })), null, Went.ByBridge, " && c->side[d].epoch;", ";"),
        new("ports of no domain", p => Both(p, w => w with { Domain = 0 }), null, Went.ByBridge, "|| !own->domain ", ""),
        new("another bridge or VLAN", p => p.ChangeWay("db", w => w with { Domain = CutPlace.Domain + 1 }), null, Went.ByBridge, "peer->domain != own->domain || ", ""),
        new("back to its own port", Hairpin, p => p with { DestinationMac = p.SourceMac }, Went.Nowhere, "peer->ifindex == own->ifindex || ", ""),
        new("another port in its slot", p => p.ChangeWay("web", w => w with { Ifindex = w.Ifindex + AbiLimits.Ways }), null, Went.ByBridge, "return way && way->ifindex == ifindex ? way : NULL;", "return way;"),
        new("longer than the peer's MTU", p => p.ChangeWay("db", w => w with { Mtu = 47 }), null, Went.ByBridge, "fits(skb, b, peer->mtu) && ", ""),
        new("no lease", p => p.World.Kernel.ShortCut.Renew(TimeSpan.Zero), null, Went.ByBridge, "ns < *(volatile __u64 *)&c->lease_ns && ", ""),
        new("switched off on this host", p => p.World.Kernel.ShortCut.On = false, null, Went.ByBridge, " && !(c->flags & CONTROL_NO_SHORT_CUT)", ""),
        new("this port keeps to the bridge", p => p.ChangeWay("web", w => w with { Flags = WayFlags.ByBridge }), null, Went.Judged, "flags = own->flags | peer->flags;", "flags = peer->flags;"),
        new("the other port keeps to the bridge", p => p.ChangeWay("db", w => w with { Flags = WayFlags.ByBridge }), null, Went.Judged, "flags = own->flags | peer->flags;", "flags = own->flags;"),
        new("the bridge has not seen this MAC for long", p => p.ChangeWay("web", w => w with { BridgedMs = BootClock.NowMs - 11_000 }), null, Went.ByBridge, "if (bridges_now(own, now))", "if (0)"),
    ];

    public override string ToString() => Name;

    private static ConnRecord Side(ConnRecord entry, int side, Func<ConnSide, ConnSide> change)
    {
        entry.Side[side] = change(entry.Side[side]);
        return entry;
    }

    private static void Both(CutPlace place, Func<WayRecord, WayRecord> change)
    {
        place.ChangeWay("web", change);
        place.ChangeWay("db", change);
    }

    private static void Hairpin(CutPlace place) => place.ChangeEntry(e =>
    {
        e.Way[Db] = e.Way[Web];
        return Side(e, Db, s => s with { Vnic = place.World["web"].Record.Vnic });
    });
}
