using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>An address that was learned, and whose it is.</summary>
/// <param name="Mac">Of the vNIC: another one in its place in the VM did not learn it.</param>
/// <param name="Until">End of the lease; null = as long as the vNIC is there, or until somebody releases it.</param>
internal sealed record AddressPin(NicKey Nic, MacAddress Mac, LearnBy By, DateTimeOffset Since, DateTimeOffset? Until);
