namespace Merlon.Cli.Commands.Lab;

/// <summary>What a lab has, and how to reach it.</summary>
/// <param name="Namespace">The first host's.</param>
/// <param name="LibvirtUri">The first host's: for --libvirt of an agent, and for virsh.</param>
internal sealed record LabStatus(string Instance, string Namespace, string LibvirtUri, IReadOnlyList<LabHostStatus> Hosts, IReadOnlyList<LabVmStatus> Vms);
