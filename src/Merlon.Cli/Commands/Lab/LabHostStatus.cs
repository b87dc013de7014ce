namespace Merlon.Cli.Commands.Lab;

/// <summary>One host of a lab.</summary>
/// <param name="Instance">Of its agent: for --instance of verbs that ask the agent.</param>
/// <param name="LibvirtUri">For --libvirt of an agent, and for virsh.</param>
internal sealed record LabHostStatus(string Name, string Instance, string Namespace, string LibvirtUri);
