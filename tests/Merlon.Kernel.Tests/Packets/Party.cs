using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Whom a packet text names: an address behind a MAC, and the tap it is at if it is a VM.</summary>
/// <param name="Vm">The guarded VM, or null: outside.</param>
internal sealed record Party(Address Address, MacAddress Mac, string? Vm = null);
