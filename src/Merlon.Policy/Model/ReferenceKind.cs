namespace Merlon.Policy.Model;

/// <summary>What a <see cref="Reference"/> names. Network and Nic stand in Guards only.</summary>
public enum ReferenceKind { Any, Group, Vm, Cidr, Network, Nic }
