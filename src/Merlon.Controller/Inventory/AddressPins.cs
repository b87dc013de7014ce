using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Contracts.Wire;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>The learned addresses of all realms. They join the declared ones before claims are settled, and an address gets in here only
/// when nobody has it: so each has one owner. Immutable.</summary>
internal sealed record AddressPins(ImmutableDictionary<(string Realm, Address Address), AddressPin> Pins)
{
    /// <summary>Of one vNIC.</summary>
    public const int MostOfNic = 16;

    /// <summary>A lease is over so long after its end: clocks differ, and its renewal may be on the way.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromMinutes(1);

    public static AddressPins Empty { get; } = new(ImmutableDictionary<(string, Address), AddressPin>.Empty);

    public static AddressPins Load(IStateStore store)
    {
        if (store.Get(Keys.AddressPins) is not { } value) return Empty;
        var read = JsonSerializer.Deserialize(value.Value.Span, StateJson.Default.StoredPinArray) ?? [];
        return new(read.ToImmutableDictionary(p => (p.Realm, Address.Parse(p.Address)), p => new AddressPin(
            new(p.VmUuid, p.Nic), MacAddress.TryParse(p.Mac, out var mac) ? mac : throw new FormatException($"'{p.Mac}' is no MAC address"), By(p.By), p.Since, p.Until)));
    }

    public void Save(AddressPins before, StateBatch batch)
    {
        if (ReferenceEquals(Pins, before.Pins)) return;
        StoredPin[] stored = [.. Pins.OrderBy(p => p.Key.Realm, StringComparer.Ordinal).ThenBy(p => p.Key.Address).Select(p => new StoredPin(
            p.Key.Address.ToString(), p.Key.Realm, p.Value.Nic.VmUuid, p.Value.Nic.Index, p.Value.Mac.ToString(), Word(p.Value.By), p.Value.Since, p.Value.Until))];
        batch.Put(Keys.AddressPins, JsonSerializer.SerializeToUtf8Bytes(stored, StateJson.Default.StoredPinArray));
    }

    /// <summary>Those whose vNIC is still there.</summary>
    public AddressPins Of(IEnumerable<InventoryVm> vms)
    {
        if (Pins.IsEmpty) return this;
        var nics = vms.SelectMany(vm => vm.Nics.Select(n => (new NicKey(vm.Uuid, n.Index), n.Realm, n.Mac))).ToHashSet();
        return Without(p => !nics.Contains((p.Value.Nic, p.Key.Realm, p.Value.Mac)));
    }

    public AddressPins Without(Func<KeyValuePair<(string Realm, Address Address), AddressPin>, bool> leave) =>
        Pins.Where(leave).Select(p => p.Key).ToList() is { Count: > 0 } gone ? new(Pins.RemoveRange(gone)) : this;

    /// <summary>The VMs with what they have learned. No vNIC gets more addresses than a policy may hold.</summary>
    public ImmutableArray<InventoryVm> Joined(ImmutableArray<InventoryVm> vms)
    {
        if (Pins.IsEmpty) return vms;
        var learned = Pins.OrderBy(p => p.Key.Address).ToLookup(p => (p.Value.Nic, p.Key.Realm), p => p.Key.Address);
        return [.. vms.Select(vm => vm with
        {
            Nics = [.. vm.Nics.Select(n => Joined(n, learned[(new(vm.Uuid, n.Index), n.Realm)]))],
        })];
    }

    private static InventoryNic Joined(InventoryNic nic, IEnumerable<Address> learned)
    {
        ImmutableArray<Address> more = [.. learned.Except(nic.Addresses).Take(Math.Max(0, Limits.AddressesOfEndpoint - nic.Addresses.Length))];
        return more.IsEmpty ? nic : nic with { Addresses = nic.Addresses.AddRange(more), Learned = more };
    }

    /// <summary>Its lease is over.</summary>
    public static bool IsOver(AddressPin pin, DateTimeOffset now) => pin.Until + Grace < now;

    /// <summary>As people write it.</summary>
    public static string Word(LearnBy by) => Words.Of(by);

    private static LearnBy By(string word) =>
        Enum.GetValues<LearnBy>().FirstOrDefault(b => Word(b) == word) is var by and not LearnBy.None ? by : throw new FormatException($"'{word}' is nothing to learn by");
}
