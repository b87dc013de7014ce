using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Metadata;

namespace Merlon.Agent.Guests;

/// <summary>What libvirt says of a VM, with the addresses that its metadata declares for each interface.</summary>
internal static class DomainGuests
{
    public static Guest From(DomainInfo domain) => new(
        domain.Uuid, domain.Name, domain.Metadata.Tenant, domain.Metadata.Labels, domain.Running, ByHand: false,
        [.. domain.Nics.Select(nic => From(nic, domain))]);

    /// <summary>The VM of a hook's XML, which is about to run, and the text of the policy inside it (null = none). Throws <see cref="FormatException"/>.</summary>
    public static (Guest Guest, string? Inside) Starting(string xml)
    {
        var domain = DomainXml.Parse(xml);
        return (From(domain with { Running = true }), domain.PolicyInside);
    }

    private static GuestNic From(DomainNic nic, DomainInfo domain) => new(
        nic.Index, nic.Mac, nic.Network ?? "", domain.Running ? nic.TargetDev : null,
        [.. domain.Metadata.Nics.Where(declared => IsOf(declared, nic)).SelectMany(declared => declared.Addresses).Distinct()],
        nic.CannotGuard);

    private static bool IsOf(MetadataNic declared, DomainNic nic) =>
        declared.Mac == nic.Mac && (declared.Network is null || declared.Network == nic.Network || declared.Network == nic.Bridge);
}
