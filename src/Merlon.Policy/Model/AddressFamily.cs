namespace Merlon.Policy.Model;

/// <summary>IP version of an <see cref="Address"/> or <see cref="Prefix"/>.</summary>
public enum AddressFamily { IPv4 = 4, IPv6 = 6 }
