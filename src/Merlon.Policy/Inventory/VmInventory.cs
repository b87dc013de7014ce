using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Merlon.Policy.Model;

namespace Merlon.Policy.Inventory;

/// <summary>Every known VM, ordered by UUID whatever the order of the input. In a realm an address belongs to one vNIC: the one with
/// the lowest key keeps it, the others lose it here and stand in <see cref="Claims"/>. A second VM with the same UUID is left out.</summary>
public sealed class VmInventory
{
    private readonly Dictionary<NicKey, VmNic> _byKey = [];
    private readonly Dictionary<(string Realm, Address Address), VmNic> _owners = [];
    private readonly ILookup<string, InventoryVm> _byName;

    public VmInventory(ImmutableArray<InventoryVm> vms)
    {
        var first = new Dictionary<(string, Address), (NicKey Key, string Vm)>();
        var claims = ImmutableArray.CreateBuilder<AddressClaim>();
        Vms = [.. vms.OrderBy(v => v.Uuid, StringComparer.Ordinal).ThenBy(v => v.Host, StringComparer.Ordinal).ThenBy(v => v.Tenant, StringComparer.Ordinal)
            .ThenBy(v => v.Name, StringComparer.Ordinal).DistinctBy(v => v.Uuid).Select(v => Settle(v, first, claims))];
        Claims = claims.ToImmutable();
        Nics = [.. Vms.SelectMany(v => v.Nics.Select(n => new VmNic(v, n)))];
        _byName = Vms.ToLookup(v => v.Name, StringComparer.Ordinal);
        foreach (var nic in Nics)
        {
            _byKey.Add(nic.Key, nic);
            foreach (var address in nic.Nic.Addresses) _owners.Add((nic.Nic.Realm, address), nic);
        }
    }

    public ImmutableArray<InventoryVm> Vms { get; }

    /// <summary>Every vNIC, ordered by key.</summary>
    public ImmutableArray<VmNic> Nics { get; }

    public ImmutableArray<AddressClaim> Claims { get; }

    /// <summary>A VM without a UUID gets one made of its tenant and name.</summary>
    public static VmInventory FromDocuments(IEnumerable<InventoryDocument> documents) =>
        new([.. documents.SelectMany(d => d.Vms).Select(v => v.Uuid.Length > 0 ? v : v with { Uuid = UuidOf(v.Tenant, v.Name) })]);

    public VmNic? Find(NicKey key) => _byKey.GetValueOrDefault(key);

    public VmNic? Owner(string realm, Address address) => _owners.GetValueOrDefault((realm, address));

    /// <summary>VMs of that name or UUID; of one tenant, or of all when <paramref name="tenant"/> is null.</summary>
    public IEnumerable<InventoryVm> Named(string nameOrUuid, string? tenant)
    {
        var found = _byName[nameOrUuid];
        if (Guid.TryParseExact(nameOrUuid, "D", out var uuid)) found = found.Concat(Vms.Where(v => v.Uuid == uuid.ToString("D"))).Distinct();
        return found.Where(v => tenant is null || v.Tenant == tenant);
    }

    /// <summary>RFC 9562 version 8: the first 122 bits of SHA-256 over tenant and name.</summary>
    public static string UuidOf(string tenant, string name)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}/{name}"), hash);
        hash[6] = (byte)(hash[6] & 0x0f | 0x80);
        hash[8] = (byte)(hash[8] & 0x3f | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }

    private static InventoryVm Settle(
        InventoryVm vm, Dictionary<(string, Address), (NicKey Key, string Vm)> first, ImmutableArray<AddressClaim>.Builder claims)
    {
        var nics = ImmutableArray.CreateBuilder<InventoryNic>(vm.Nics.Length);
        foreach (var nic in vm.Nics.OrderBy(n => n.Index).DistinctBy(n => n.Index))
        {
            var key = new NicKey(vm.Uuid, nic.Index);
            var kept = ImmutableArray.CreateBuilder<Address>(nic.Addresses.Length);
            foreach (var address in nic.Addresses.Distinct().Order())
            {
                if (first.TryAdd((nic.Realm, address), (key, vm.Name))) kept.Add(address);
                else if (first[(nic.Realm, address)] is var owner) claims.Add(new(nic.Realm, address, owner.Key, owner.Vm, key, vm.Name));
            }
            nics.Add(nic with { Addresses = kept.ToImmutable() });
        }
        return vm with { Nics = nics.ToImmutable() };
    }
}
