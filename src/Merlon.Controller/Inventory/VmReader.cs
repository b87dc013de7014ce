using System.Collections.Immutable;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>One VM of an agent's inventory as the policy sees it. Its owner may have written the metadata: what is wrong there costs
/// that VM its tenant, label or address, and is reported; it never costs anybody else anything.</summary>
internal static class VmReader
{
    private const int TextLength = 128;

    public static VmPlace Read(VmInfo info, string host)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        var labelled = Labels(info, problems);
        // Labels that cannot be read in full might be the ones that exclude it: then it belongs to nobody.
        var tenant = labelled is not null && IsName(info.Tenant) ? info.Tenant : "";
        if (tenant != info.Tenant) problems.Add("its tenant or labels cannot be used: it belongs to no tenant");
        var nics = info.Nics.GroupBy(n => n.Index).Select(g => Nic(g.Last(), problems)).OfType<InventoryNic>().OrderBy(n => n.Index);
        var vm = new InventoryVm(info.Uuid, info.Name, host, tenant, tenant.Length == 0 ? Empty : labelled ?? Empty, [.. nics]);
        return new(vm, info, host, problems.ToImmutable());
    }

    private static ImmutableSortedDictionary<string, string> Empty { get; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, string>? Labels(VmInfo info, ImmutableArray<string>.Builder problems)
    {
        if (info.Labels.Count > Limits.LabelsOfVm)
        {
            problems.Add($"{info.Labels.Count} labels, at most {Limits.LabelsOfVm} allowed");
            return null;
        }
        foreach (var (key, value) in info.Labels)
        {
            if (key.Length > 0 && IsName(key) && IsName(value)) continue;
            problems.Add("a label is empty, too long or holds control characters");
            return null;
        }
        return info.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    private static InventoryNic? Nic(NicInfo info, ImmutableArray<string>.Builder problems)
    {
        if (!MacAddress.TryParse(info.Mac, out var mac) || !IsName(info.Network))
        {
            problems.Add($"interface {info.Index}: its MAC address or network cannot be used");
            return null;
        }
        var addresses = ImmutableArray.CreateBuilder<Address>();
        foreach (var text in info.Addresses.Take(Limits.AddressesOfEndpoint))
        {
            if (Address.TryParse(text, out var address)) addresses.Add(address);
            else problems.Add($"interface {info.Index}: a declared address is no IP address");
        }
        if (info.Addresses.Count > Limits.AddressesOfEndpoint) problems.Add($"interface {info.Index}: more than {Limits.AddressesOfEndpoint} addresses");
        return new((int)info.Index, mac, info.Network, InventoryNic.DefaultRealm, addresses.ToImmutable());
    }

    private static bool IsName(string text) => text.Length <= TextLength && !text.Any(char.IsControl);
}
