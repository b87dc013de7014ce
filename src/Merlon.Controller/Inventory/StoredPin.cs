namespace Merlon.Controller.Inventory;

/// <summary>JSON of an <see cref="AddressPin"/>. Stored: only grows.</summary>
internal sealed record StoredPin(string Address, string Realm, string VmUuid, int Nic, string Mac, string By, DateTimeOffset Since, DateTimeOffset? Until);
