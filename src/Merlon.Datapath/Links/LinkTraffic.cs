namespace Merlon.Datapath.Links;

/// <summary>What an interface has carried, as the host sees it: a guest sends what its tap receives (struct rtnl_link_stats64).</summary>
public readonly record struct LinkTraffic(long ReceivedPackets, long SentPackets, long ReceivedBytes, long SentBytes);
