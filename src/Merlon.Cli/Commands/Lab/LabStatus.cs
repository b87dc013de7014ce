namespace Merlon.Cli.Commands.Lab;

/// <summary>What a lab has, and how to reach it.</summary>
/// <param name="LibvirtUri">For --libvirt of an agent, and for virsh.</param>
internal sealed record LabStatus(string Instance, string Namespace, string LibvirtUri, IReadOnlyList<LabVmStatus> Vms);
