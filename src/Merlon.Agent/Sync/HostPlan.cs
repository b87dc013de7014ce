using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>What the kernel is to hold: an image, and the numbers that tie it to this host.</summary>
/// <param name="RuleIds">Image rule to host rule id.</param>
internal sealed record HostPlan(
    ulong Sequence, HostImage Image, ImmutableArray<NicPlan> Nics, ImmutableArray<uint> RuleIds,
    ImmutableArray<RefusedClaim> Claims, HostBook Book)
{
    private readonly Dictionary<NicKey, NicPlan> _byKey = Nics.ToDictionary(n => n.Key);

    public NicPlan? Find(NicKey key) => _byKey.GetValueOrDefault(key);

    /// <summary>This plan when the vNICs of a VM take in nothing more that ran before.</summary>
    public HostPlan WithoutAdoption(string vmUuid) => new(Sequence, Image, [.. Nics.Select(n => n.Key.VmUuid == vmUuid ? n with { Adoption = null } : n)], RuleIds, Claims,
        Book with { Nics = [.. Book.Nics.Select(n => n.VmUuid == vmUuid ? n with { Adoption = null } : n)] });

    /// <summary>Bind words of all slots up to the highest in use: (record + 1) | epoch &lt;&lt; 32.</summary>
    public ulong[] Bind()
    {
        var bind = new ulong[Nics.Length == 0 ? 0 : Nics.Max(n => n.Slot) + 1];
        foreach (var nic in Nics) bind[nic.Slot] = (uint)(nic.Record + 1) | (ulong)nic.Epoch << 32;
        return bind;
    }
}
