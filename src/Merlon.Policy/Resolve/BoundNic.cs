namespace Merlon.Policy.Resolve;

/// <summary>A guarded vNIC with what its approvals rest on.</summary>
public sealed record BoundNic(PolicyEndpoint Endpoint, PolicyNic Nic, NicStamp Stamp)
{
    /// <summary>Part of the name of each of its connections.</summary>
    public string Segment => Nic.SegmentOf(Endpoint.Key);

    public static BoundNic Of(HostPolicy policy, PolicyNic nic, string rulesetDigest) =>
        new(policy.Endpoints[nic.Endpoint], nic, NicStamp.Of(policy.Endpoints[nic.Endpoint], nic, rulesetDigest));
}
