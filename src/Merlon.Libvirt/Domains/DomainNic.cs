namespace Merlon.Libvirt.Domains;

/// <summary>
/// One interface of a VM. Index is the N of libvirt's alias netN (stable while the VM runs), else its place in the
/// XML. Mac is lower case. Kind is libvirt's interface type. Network is the libvirt network's name if there is one,
/// else the bridge's. TargetDev is the tap while the VM runs. CannotGuard says why no program can see its packets.
/// </summary>
public sealed record DomainNic(
    int Index, string Mac, string Kind, string? Network, string? TargetDev, string? CannotGuard, string? Bridge = null);
