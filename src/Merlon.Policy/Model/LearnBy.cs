namespace Merlon.Policy.Model;

/// <summary>What an address is learned from. Stored: only grows.</summary>
[Flags]
public enum LearnBy { None = 0, Dhcp = 1, Arp = 2 }
