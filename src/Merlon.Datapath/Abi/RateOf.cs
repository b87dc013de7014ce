namespace Merlon.Datapath.Abi;

/// <summary>What has a rate: <c>merlon_rate_of</c>.</summary>
public enum RateOf
{
    Connections = 0,
    Icmp = 1,
    Neighbours = 2,
    IcmpAnswers = 3,
    NeighbourAnswers = 4,
    Count = 5,
}
