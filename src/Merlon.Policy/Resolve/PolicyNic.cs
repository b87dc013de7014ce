using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>A guarded vNIC: its place, its guard and the rule lists that judge it.</summary>
/// <param name="Endpoint">Index into <see cref="HostPolicy.Endpoints"/>.</param>
/// <param name="Segment">Name of the layer-2 network (bridge, or libvirt network, plus VLAN).</param>
/// <param name="OutRules">Index into <see cref="HostPolicy.RuleLists"/> for packets the VM sends.</param>
/// <param name="InRules">Index into <see cref="HostPolicy.RuleLists"/> for packets the VM receives.</param>
public sealed record PolicyNic(int Endpoint, MacAddress Mac, string Segment, NicGuard Guard, int OutRules, int InRules)
{
    // What leaves a trunk port with a tag may arrive without one, and the reverse: its conversations have entries of their own, at its own
    // hooks, as if it were reached through a router.
    /// <summary>Whom it sees at their MAC: a trunk port nobody.</summary>
    public string SegmentOf(NicKey key) => Guard.Frames.IsTrunk ? $"{Segment}\n{key}" : Segment;
}
