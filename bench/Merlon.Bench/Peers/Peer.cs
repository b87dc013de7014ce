using System.Text;
using Merlon.Bench.Places;
using Merlon.Datapath.Native;

namespace Merlon.Bench.Peers;

/// <summary>What the product is compared with: how a place is made into it.</summary>
/// <param name="Id">As performance is told everywhere: P0 to P7.</param>
/// <param name="Form">What it is, and which of its forms.</param>
internal sealed record Peer(string Id, string Form, Action<Place, BenchObject> Set)
{
    public static readonly Peer Bridge = new("P0", "plain bridge, bridge-nf-call-iptables 0", (_, _) => { });

    public static readonly Peer EmptyProgram = new("P1", "bridge, an empty tcx program at each hook", (place, helper) =>
    {
        foreach (var guest in (int[])[0, 1])
            foreach (var hook in (uint[])[Bpf.AttachTcxIngress, Bpf.AttachTcxEgress]) helper.Attach(place.Host, Place.Ifname(guest), "nothing", hook);
    });

    public static readonly Peer Wall = new("P7", "bare bpf_redirect at tcx ingress, no bridge", (place, helper) =>
    {
        var wires = helper.Map("wires");
        foreach (var guest in (int[])[0, 1])
        {
            wires.Update((uint)place.Ifindex[guest], (uint)place.Ifindex[1 - guest]);
            helper.Attach(place.Host, Place.Ifname(guest), "straight", Bpf.AttachTcxIngress);
        }
    });

    /// <summary>P2: connections in nf_conntrack. An established one is accepted by the first rule.</summary>
    public static Peer Conntrack(int rules, bool asSet) => new(asSet ? "P2-set" : "P2-linear",
        FormattableString.Invariant($"br_netfilter and nft with connection tracking, established first, {rules} rules {(asSet ? "as one set" : "one after the other")}, nf_conntrack_checksum 0"), (place, _) =>
        {
            place.Set("net/bridge/bridge-nf-call-iptables", "1");
            place.Set("net/netfilter/nf_conntrack_checksum", "0");
            place.Nft($$"""
                table ip bench {
                  {{(asSet ? Elements("allowed", rules) : "")}}
                  chain forward {
                    type filter hook forward priority 0; policy drop;
                    ct state established,related accept
                    {{(asSet ? "ip saddr . meta l4proto . th dport @allowed accept" : Lines(rules))}}
                  }
                }
                """);
        });

    /// <summary>P4: nft in the bridge itself, without connections, so both directions have rules.</summary>
    public static Peer Stateless(int rules, bool asSet) => new(asSet ? "P4-set" : "P4-linear",
        FormattableString.Invariant($"nft bridge family, stateless, {rules} rules {(asSet ? "as one set" : "one after the other")}"), (place, _) => place.Nft($$"""
            table bridge bench {
              {{(asSet ? Elements("allowed", rules) : "")}}
              chain forward {
                type filter hook forward priority 0; policy drop;
                ip saddr {{Place.Address(1)}} meta l4proto { tcp, udp } th sport {{BenchPolicy.FirstService}}-{{BenchPolicy.LastService}} accept
                {{(asSet ? "ip saddr . meta l4proto . th dport @allowed accept" : Lines(rules - 1))}}
              }
            }
            """));

    // Addresses in place of prefixes: a hash set, which is the fastest that nft has.
    private static string Elements(string name, int rules)
    {
        var elements = Enumerable.Range(0, rules - 1).Select(BenchPolicy.Other).Select(o => FormattableString.Invariant($"{o.Source} . tcp . {o.Port}")).ToList();
        for (var port = BenchPolicy.FirstService; port <= BenchPolicy.LastService; port++)
            foreach (var proto in (string[])["tcp", "udp"]) elements.Add(FormattableString.Invariant($"{Place.Address(0)} . {proto} . {port}"));
        return $"set {name} {{ type ipv4_addr . inet_proto . inet_service; elements = {{ {string.Join(", ", elements.Distinct())} }} }}";
    }

    private static string Lines(int rules)
    {
        var text = new StringBuilder();
        for (var i = 0; i < rules - 1; i++)
        {
            var (source, length, port) = BenchPolicy.Other(i);
            text.Append(FormattableString.Invariant($"    ip saddr {source}/{length} tcp dport {port} accept\n"));
        }
        text.Append(FormattableString.Invariant($"    ip saddr {Place.Address(0)} meta l4proto {{ tcp, udp }} th dport {BenchPolicy.FirstService}-{BenchPolicy.LastService} accept\n"));
        return text.ToString();
    }
}
