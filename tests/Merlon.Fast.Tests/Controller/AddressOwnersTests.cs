using System.Collections.Immutable;
using Merlon.Controller.Inventory;
using Merlon.Controller.Store;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

public sealed class AddressOwnersTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("merlon-owners");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Who_was_first_keeps_the_address_against_a_lower_key_also_after_a_restart()
    {
        using var store = new SqliteStateStore(Path.Combine(folder.FullName, "state.db"));
        var first = AddressOwners.Empty.Settle([Vm(2)]).Owners;
        var batch = new StateBatch();
        first.Save(AddressOwners.Empty, batch);
        store.Put(batch);
        foreach (var known in new[] { first, AddressOwners.Load(store) })
        {
            var (vms, _, refused) = known.Settle([Vm(1), Vm(2)]);
            Assert.Empty(vms[0].Nics[0].Addresses);
            Assert.Single(vms[1].Nics[0].Addresses);
            Assert.Equal(("vm-2", "vm-1"), (Assert.Single(refused).OwnerVm, refused[0].ClaimantVm));
        }
    }

    [Fact]
    public void What_its_owner_gave_up_is_free()
    {
        var first = AddressOwners.Empty.Settle([Vm(2)]).Owners;
        var (vms, _, refused) = first.Settle([Vm(1)]);
        Assert.Empty(refused);
        Assert.Single(vms[0].Nics[0].Addresses);
    }

    private static InventoryVm Vm(int number) => new(
        $"00000000-0000-4000-8000-{number:d12}", $"vm-{number}", "", "shop", ImmutableSortedDictionary<string, string>.Empty,
        [new(0, new MacAddress(0x525400000000 + (ulong)number), "br0", InventoryNic.DefaultRealm, [Address.Parse("10.8.0.5")])]);
}
