using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>Who claimed an address of a realm first. The claim lasts as long as its owner declares the address; a later claimant, of
/// whatever tenant and by whatever means, does not get it. Immutable.</summary>
internal sealed record AddressOwners(ImmutableDictionary<(string Realm, Address Address), NicKey> Owners)
{
    public static AddressOwners Empty { get; } = new(ImmutableDictionary<(string, Address), NicKey>.Empty);

    public static AddressOwners Load(IStateStore store)
    {
        if (store.Get(Keys.AddressOwners) is not { } value) return Empty;
        var read = JsonSerializer.Deserialize(value.Value.Span, StateJson.Default.SortedDictionaryStringString) ?? [];
        return new(read.ToImmutableDictionary(p => Claim(p.Key), p => Nic(p.Value)));
    }

    public void Save(AddressOwners before, StateBatch batch)
    {
        if (Owners.Count == before.Owners.Count && Owners.All(o => before.Owners.TryGetValue(o.Key, out var nic) && nic == o.Value)) return;
        var written = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var ((realm, address), nic) in Owners) written[$"{address} {realm}"] = nic.ToString();
        batch.Put(Keys.AddressOwners, JsonSerializer.SerializeToUtf8Bytes(written, StateJson.Default.SortedDictionaryStringString));
    }

    /// <summary>Settles every claim: the VMs without the addresses that belong to others, who owns what now, and what was refused.
    /// Claims never seen before that arrive together go to the lowest key.</summary>
    public (ImmutableArray<InventoryVm> Vms, AddressOwners Owners, ImmutableArray<AddressClaim> Refused) Settle(ImmutableArray<InventoryVm> vms)
    {
        var claims = vms.SelectMany(vm => vm.Nics.SelectMany(nic => nic.Addresses.Select(a => (Claim: (nic.Realm, a), Nic: new NicKey(vm.Uuid, nic.Index), vm.Name))))
            .ToLookup(c => c.Claim);
        var owners = ImmutableDictionary.CreateBuilder<(string, Address), NicKey>();
        var refused = ImmutableArray.CreateBuilder<AddressClaim>();
        foreach (var claim in claims.OrderBy(c => c.Key.Realm, StringComparer.Ordinal).ThenBy(c => c.Key.a))
        {
            var known = claim.Any(c => Owners.TryGetValue(claim.Key, out var nic) && nic == c.Nic);
            var owner = known ? claim.First(c => c.Nic == Owners[claim.Key]) : claim.MinBy(c => c.Nic);
            owners[claim.Key] = owner.Nic;
            refused.AddRange(claim.Where(c => c.Nic != owner.Nic).DistinctBy(c => c.Nic)
                .Select(c => new AddressClaim(claim.Key.Realm, claim.Key.a, owner.Nic, owner.Name, c.Nic, c.Name)));
        }
        var settled = new AddressOwners(owners.ToImmutable());
        return ([.. vms.Select(settled.Without)], settled, refused.ToImmutable());
    }

    private InventoryVm Without(InventoryVm vm) => vm with
    {
        Nics = [.. vm.Nics.Select(nic => nic with
        {
            Addresses = [.. nic.Addresses.Where(a => Owners[(nic.Realm, a)] == new NicKey(vm.Uuid, nic.Index)).Distinct()],
        })],
    };

    private static (string, Address) Claim(string text) =>
        text.Split(' ', 2) is [var address, var realm] ? (realm, Address.Parse(address)) : throw new StartException($"the stored address claim '{text}' cannot be read");

    private static NicKey Nic(string text) =>
        text.Split('#') is [var uuid, var index] && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var i)
            ? new(uuid, i) : throw new StartException($"the stored address claim of '{text}' cannot be read");
}
