namespace Merlon.Libvirt.Domains;

/// <summary>Whether a VM's QEMU has the object of <see cref="QemuBus"/>, and from where.</summary>
public enum QemuObject
{
    None,
    /// <summary>By its monitor, says a mark in the metadata of the running VM: it can be taken out again.</summary>
    Added,
    /// <summary>From its command line, where it stays until the VM ends.</summary>
    Argument,
}
