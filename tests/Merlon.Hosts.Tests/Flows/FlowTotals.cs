using System.Net;
using Merlon.Contracts.Api;

namespace Merlon.Hosts.Tests.Flows;

/// <summary>Adds up what flow records tell, in the terms of the guests' own counts.</summary>
public sealed class FlowTotals
{
    public FlowTotals(IEnumerable<FlowRecord> flows, IReadOnlySet<int> services)
    {
        foreach (var flow in flows)
        {
            if (flow.Event == "close") Close(flow, services);
            else if (flow.Event == "deny") Denied.Add(WayOf(flow, services), flow.PacketsOut, flow.BytesOut);
        }
    }

    /// <summary>By close events, both directions.</summary>
    public Tally Passed { get; } = new();

    /// <summary>By deny events and their summaries.</summary>
    public Tally Denied { get; } = new();

    private void Close(FlowRecord flow, IReadOnlySet<int> services)
    {
        var way = WayOf(flow, services);
        Passed.Add(way, flow.PacketsOut, flow.BytesOut);
        Passed.Add(way with { From = way.To, To = way.From, Reply = !way.Reply }, flow.PacketsIn, flow.BytesIn);
    }

    private static Way WayOf(FlowRecord flow, IReadOnlySet<int> services)
    {
        var service = flow.Service.Split('/');
        var (from, to) = (flow.Source.Vm ?? "nobody", flow.Destination.Vm ?? "nobody");
        return service[0] switch
        {
            "icmp" => new(from, to, false, Way.Icmp, 0, service[1] == "0"),
            "icmp6" => new(from, to, true, Way.Icmp6, 0, service[1] == "129"),
            _ => Way.Of(from, to, IPAddress.Parse(flow.Source.Address), service[0] == "tcp" ? Way.Tcp : Way.Udp,
                flow.Source.Port ?? 0, flow.Destination.Port ?? 0, services),
        };
    }
}
