using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Controller.Agents;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;
using Merlon.Policy.Model;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Who gets a learned address, for how long, and who does not.</summary>
public sealed class AddressPinTests : IDisposable
{
    private const string Guard = """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], trustMetadata: true, learn: {by: [dhcp, arp], within: [10.8.0.0/24, "fd00:8::/64", "fe80::/10"], except: [10.8.0.1/32]}}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: leases}
        spec: {action: guard, select: [vm/vm-7], priority: 1, learn: {by: [dhcp]}}

        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("merlon-pins");
    private readonly Clock clock = new();
    private readonly SqliteStateStore store;
    private Applier applier;

    public AddressPinTests()
    {
        store = new(Path.Combine(folder.FullName, "state.db"));
        applier = Open();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        applier.Dispose();
        store.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_a_VM_claims_first_is_its_own_and_a_second_claim_is_refused_and_told()
    {
        await Begin(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop"));
        await Learn(Arp(2, "10.8.0.77"));
        Assert.Equal(["10.8.0.77"], Addresses(2));
        await Learn(Arp(1, "10.8.0.77"), Lease(1, "10.8.0.77", 600));
        await Learn(Arp(1, "10.8.0.77"));
        Assert.Equal(["10.8.0.5"], Addresses(1));
        Assert.Equal(["10.8.0.77"], Addresses(2));
        var refused = Assert.Single(applier.State.RefusedPins);
        Assert.Equal(("vm-1", "vm-2", LearnBy.Arp), (refused.Vm, refused.OwnerVm, refused.By));
    }

    [Fact]
    public async Task Of_two_claims_in_one_message_the_first_counts()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await Learn(Arp(2, "10.8.0.77"), Arp(1, "10.8.0.77"));
        Assert.Equal(["10.8.0.77"], Addresses(2));
        Assert.Equal("vm-1", Assert.Single(applier.State.RefusedPins).Vm);
    }

    [Fact]
    public async Task A_declared_address_is_not_learned_away_and_a_learned_one_not_declared_away()
    {
        await Begin(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop"));
        await Learn(Lease(2, "10.8.0.5", 600), Arp(2, "10.8.0.77"));
        Assert.Equal(["10.8.0.77"], Addresses(2));
        Assert.Equal(("10.8.0.5", "vm-1"), (applier.State.RefusedPins.Single().Address.ToString(), applier.State.RefusedPins.Single().OwnerVm));
        // vm-1 has the lower key.
        await Has(Sample.Vm(1, "shop", "10.8.0.5", "10.8.0.77"), Sample.Vm(2, "shop"));
        Assert.Equal(["10.8.0.5"], Addresses(1));
        Assert.Equal(("vm-2", "vm-1"), (applier.State.Inventory.Refused.Single().OwnerVm, applier.State.Inventory.Refused.Single().ClaimantVm));
    }

    [Fact]
    public async Task A_lease_ends_with_its_grace_and_each_ACK_renews_it()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await Learn(Lease(1, "10.8.0.77", 600));
        clock.Now += TimeSpan.FromSeconds(500);
        await Learn(Lease(1, "10.8.0.77", 600));
        clock.Now += TimeSpan.FromSeconds(600) + AddressPins.Grace;
        await EndLeases();
        Assert.Equal(["10.8.0.77"], Addresses(1));
        clock.Now += TimeSpan.FromSeconds(1);
        await applier.EndLeases(_ => false, Cancel); // its host is away: a renewal may be known there
        Assert.Equal(["10.8.0.77"], Addresses(1));
        await EndLeases();
        Assert.Empty(Addresses(1));
        await Learn(Lease(2, "10.8.0.77", 600));
        Assert.Equal(["10.8.0.77"], Addresses(2));
        Assert.Empty(applier.State.RefusedPins);
    }

    [Fact]
    public void A_host_has_told_all_when_it_is_back_for_the_grace()
    {
        var host = new HostState(Sample.HostA, "a") { Connected = true, Since = clock.Now };
        Assert.False(host.HasCaughtUp(clock.Now + AddressPins.Grace - TimeSpan.FromSeconds(1)));
        Assert.True(host.HasCaughtUp(clock.Now + AddressPins.Grace));
        Assert.False((host with { Connected = false }).HasCaughtUp(clock.Now + AddressPins.Grace));
    }

    [Fact]
    public async Task A_renewal_that_is_told_late_takes_nothing_away()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn(Lease(1, "10.8.0.77", 600));
        await Learn(new LearnedClaim(Key(1), Address.Parse("10.8.0.77"), LearnBy.Dhcp, TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(300)));
        Assert.Equal(clock.Now + TimeSpan.FromSeconds(600), Pin("10.8.0.77").Until);
    }

    [Fact]
    public async Task A_renewal_is_written_down_when_it_moves_the_end_by_an_eighth_of_the_lease()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn(Lease(1, "10.8.0.77", 800));
        var (until, sequence) = (Pin("10.8.0.77").Until, applier.State.Hosts.Sequence);
        clock.Now += TimeSpan.FromSeconds(99);
        await Learn(Lease(1, "10.8.0.77", 800));
        Assert.Equal(until, Pin("10.8.0.77").Until);
        clock.Now += TimeSpan.FromSeconds(1);
        await Learn(Lease(1, "10.8.0.77", 800));
        Assert.Equal(clock.Now + TimeSpan.FromSeconds(800), Pin("10.8.0.77").Until);
        await Learn(Lease(1, "10.8.0.77", null)); // for ever
        Assert.Null(Pin("10.8.0.77").Until);
        Assert.Equal(sequence, applier.State.Hosts.Sequence);
    }

    [Fact]
    public async Task A_lease_for_ever_and_a_word_in_ARP_have_no_end()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn(Lease(1, "10.8.0.77", null), Arp(1, "10.8.0.78"));
        await Learn(Lease(1, "10.8.0.78", 60)); // it has used it all along
        clock.Now += TimeSpan.FromDays(4000);
        await EndLeases();
        Assert.Equal(["10.8.0.77", "10.8.0.78"], Addresses(1));
    }

    [Fact]
    public async Task A_restart_forgets_nothing()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await Learn(Lease(2, "10.8.0.77", 600), Arp(2, "fd00:8::77"));
        var before = applier.State.Inventory.Pins.Pins.OrderBy(p => p.Key.Address).ToArray();
        Restart();
        Assert.Equal(before, applier.State.Inventory.Pins.Pins.OrderBy(p => p.Key.Address));
        Assert.Equal(["10.8.0.77", "fd00:8::77"], Addresses(2));
        await Learn(Arp(1, "10.8.0.77"));
        Assert.Empty(Addresses(1));
        clock.Now += TimeSpan.FromSeconds(300);
        await Learn(Lease(2, "10.8.0.77", 600));
        Restart();
        Assert.Equal(clock.Now + TimeSpan.FromSeconds(600), Pin("10.8.0.77").Until);
    }

    [Fact]
    public async Task What_a_VM_learned_goes_with_it_and_with_its_interface()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await Learn(Arp(1, "10.8.0.77"), Arp(2, "10.8.0.78"));
        await Has(Sample.Vm(2, "shop"));
        Assert.Equal(["10.8.0.78"], applier.State.Inventory.Pins.Pins.Keys.Select(k => k.Address.ToString()));
        var other = Sample.Vm(2, "shop");
        other.Nics[0].Mac = "52:54:00:00:00:99";
        await Has(other);
        Assert.Empty(Addresses(2));
        Restart();
        Assert.Empty(applier.State.Inventory.Pins.Pins);
    }

    [Fact]
    public async Task A_VM_that_moves_keeps_it_and_may_learn_on_either_side()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn(Arp(1, "10.8.0.77"));
        var arriving = Sample.Vm(1, "shop");
        arriving.Running = false;
        await applier.Take(Sample.HostB, new HostInventory { Vms = { arriving } });
        await applier.Learn(Sample.HostB, [Arp(1, "10.8.0.78")]);
        await applier.Take(Sample.HostB, new HostInventory { Vms = { Sample.Vm(1, "shop") } });
        await Has();
        Assert.Equal(["10.8.0.77", "10.8.0.78"], Addresses(1));
    }

    [Fact]
    public async Task A_released_address_is_free()
    {
        await Begin(Sample.Vm(1, "shop", "10.8.0.5"), Sample.Vm(2, "shop"));
        await Learn(Arp(1, "10.8.0.77"));
        await Learn(Arp(2, "10.8.0.77"));
        Assert.False(await applier.Release(Address.Parse("10.8.0.5"), Cancel));
        Assert.False(await applier.Release(Address.Parse("10.8.0.99"), Cancel));
        Assert.True(await applier.Release(Address.Parse("10.8.0.77"), Cancel));
        Assert.Equal(["10.8.0.5"], Addresses(1));
        await Learn(Arp(2, "10.8.0.77"));
        Assert.Equal(["10.8.0.77"], Addresses(2));
        Assert.Empty(applier.State.RefusedPins); // it has it now
    }

    [Theory]
    [InlineData("10.8.0.1")] // excepted
    [InlineData("10.8.0.0")] // the network, and its broadcast
    [InlineData("10.8.0.255")]
    [InlineData("10.8.1.5")] // not within
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("ff02::1")]
    [InlineData("fd00:8::")] // the routers of the network
    [InlineData("fe80::5054:ff:fe00:2")] // vm-2's MAC
    [InlineData("fe80::5054:ff:fe00:99")] // nobody's
    public async Task What_no_VM_may_have_is_not_learned(string address)
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await Learn(Arp(1, address), Lease(1, address, 600));
        Assert.Empty(applier.State.Inventory.Pins.Pins);
        Assert.Empty(applier.State.RefusedPins);
    }

    [Fact]
    public async Task A_link_local_address_of_no_MAC_is_learned()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn(Arp(1, "fe80::1234"));
        Assert.Equal(["fe80::1234"], Addresses(1));
    }

    [Fact]
    public async Task Who_may_learn_leases_learns_nothing_by_ARP_and_an_unguarded_VM_nothing_at_all()
    {
        await Begin(Sample.Vm(7, "shop"), Sample.Vm(8, "shop"));
        await Learn(Arp(7, "10.8.0.77"), Lease(7, "10.99.0.78", 600)); // anywhere: its Guard has no within
        Assert.Equal(["10.99.0.78"], Addresses(7));
        await Apply("""
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: none}
            spec: {action: exclude, select: [vm/vm-8], priority: 0}
            """);
        await Learn(Arp(8, "10.8.0.79"));
        Assert.Empty(Addresses(8));
    }

    [Fact]
    public async Task A_learned_address_chooses_no_Guard()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop", "10.8.0.66"));
        await Apply("""
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: appliances}
            spec: {action: exclude, select: [group/appliances, cidr/10.8.0.80/32], priority: 0}
            ---
            apiVersion: merlon/v1
            kind: Group
            metadata: {name: appliances, tenant: platform}
            spec: {cidrs: [10.8.0.64/28]}
            """);
        Assert.Equal(["vm-1"], GuardedVms());
        await Learn(Arp(1, "10.8.0.77"), Arp(1, "10.8.0.80"));
        Assert.Equal(["10.8.0.77", "10.8.0.80"], Addresses(1));
        Assert.Equal(["vm-1"], GuardedVms());
        // Control: declared it binds.
        await Has(Sample.Vm(1, "shop", "10.8.0.77"), Sample.Vm(2, "shop", "10.8.0.66"));
        Assert.Empty(GuardedVms());
    }

    [Fact]
    public async Task A_learned_address_makes_no_metadata_trusted()
    {
        await Apply("""
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: all}
            spec: {action: guard, select: [any], learn: {by: [arp], within: [10.8.0.0/24], except: [10.8.0.1/32]}}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: trusted}
            spec: {action: guard, select: [cidr/10.8.0.64/28], priority: 0, trustMetadata: true}
            """);
        await Has(Sample.Vm(1, "shop"));
        await Learn(Arp(1, "10.8.0.77"));
        Assert.Equal(["10.8.0.77"], Addresses(1));
        Assert.Equal("", applier.State.Vms.Vms.Single().Tenant);
        await Has(Sample.Vm(1, "shop", "10.8.0.77")); // control: declared
        Assert.Equal("shop", applier.State.Vms.Vms.Single().Tenant);
    }

    [Fact]
    public async Task A_refused_lease_is_heard_again_while_it_lasts()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop", "10.8.0.78"));
        await Learn(Lease(1, "10.8.0.77", 600));
        clock.Now += TimeSpan.FromSeconds(500);
        await Learn(Lease(2, "10.8.0.77", 600), Lease(1, "10.8.0.78", 300), Arp(2, "10.8.0.77"));
        var end = clock.Now + TimeSpan.FromSeconds(600);
        await applier.HearWaiting(Cancel);
        Assert.Equal(["10.8.0.78"], Addresses(2));
        clock.Now += TimeSpan.FromSeconds(101) + AddressPins.Grace;
        await EndLeases();
        await applier.HearWaiting(Cancel);
        Assert.Equal(["10.8.0.77", "10.8.0.78"], Addresses(2));
        Assert.Equal((end, LearnBy.Dhcp), (Pin("10.8.0.77").Until, Pin("10.8.0.77").By));
        Assert.Equal("vm-1", Assert.Single(applier.State.RefusedPins).Vm);
        // vm-1's lease is over before the address is free.
        clock.Now += TimeSpan.FromSeconds(300);
        await applier.HearWaiting(Cancel);
        await Has(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await applier.HearWaiting(Cancel);
        Assert.Empty(Addresses(1));
        Assert.Empty(applier.State.WaitingLeases);
    }

    [Fact]
    public async Task A_lease_that_no_Guard_lets_it_learn_waits_for_one_that_does()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn([.. Enumerable.Range(1, 9).Select(i => Lease(1, $"10.99.0.{i}", 600)), Lease(1, "224.0.0.1", 600), Arp(1, "10.99.0.10")]);
        Assert.Equal(WaitingLease.MostOfNic, applier.State.WaitingLeases.Length);
        await applier.HearWaiting(Cancel);
        Assert.Empty(Addresses(1));
        await Apply(Guard.Replace("within: [10.8.0.0/24,", "within: [10.99.0.0/24,", StringComparison.Ordinal).Replace("10.8.0.1/32", "10.99.0.254/32", StringComparison.Ordinal));
        await applier.HearWaiting(Cancel);
        Assert.Equal(["10.99.0.6", "10.99.0.7", "10.99.0.8", "10.99.0.9"], Addresses(1));
        Assert.Empty(applier.State.WaitingLeases);
    }

    [Fact]
    public async Task A_host_speaks_for_its_own_VMs_only()
    {
        await Begin(Sample.Vm(1, "shop"));
        await applier.Learn(Sample.HostB, [Arp(1, "10.8.0.77")]);
        await Learn(Arp(9, "10.8.0.77"), Arp(1, "10.8.0.78") with { Nic = Key(1) with { Index = 3 } });
        Assert.Empty(applier.State.Inventory.Pins.Pins);
    }

    [Fact]
    public async Task A_vNIC_learns_so_many_and_is_told_of()
    {
        await Begin(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        await Learn([.. Enumerable.Range(10, 100).Select(i => Arp(1, $"10.8.0.{i}"))]);
        Assert.Equal(AddressPins.MostOfNic, Addresses(1).Length);
        Assert.Equal(RefusedPin.MostOfNic, applier.State.RefusedPins.Length);
        Assert.All(applier.State.RefusedPins, r => Assert.Equal("", r.OwnerVm));
        await Learn(Arp(2, "10.8.0.200"));
        Assert.Equal(["10.8.0.200"], Addresses(2));
        clock.Now += RefusedPin.Told;
        await Learn(Arp(2, "10.8.0.10"));
        Assert.Equal("vm-2", Assert.Single(applier.State.RefusedPins).Vm);
    }

    [Fact]
    public async Task No_vNIC_gets_more_addresses_than_a_policy_holds()
    {
        await Begin(Sample.Vm(1, "shop"));
        await Learn(Arp(1, "10.8.0.77"));
        await Has(Sample.Vm(1, "shop", [.. Enumerable.Range(0, Limits.AddressesOfEndpoint).Select(i => $"10.9.0.{i}")]));
        Assert.Equal(Limits.AddressesOfEndpoint, Addresses(1).Length);
    }

    private static NicKey Key(int vm) => new(Sample.Vm(vm, "").Uuid, 0);

    private static LearnedClaim Arp(int vm, string address) => new(Key(vm), Address.Parse(address), LearnBy.Arp, null, TimeSpan.Zero);

    private static LearnedClaim Lease(int vm, string address, int? seconds) =>
        new(Key(vm), Address.Parse(address), LearnBy.Dhcp, seconds is { } s ? TimeSpan.FromSeconds(s) : null, TimeSpan.Zero);

    private Applier Open() => new(store, new HostInventories(store), clock, NullLogger<Applier>.Instance);

    private void Restart()
    {
        applier.Dispose();
        applier = Open();
    }

    private async Task Begin(params VmInfo[] vms)
    {
        await Apply(Guard);
        await Has(vms);
    }

    private async Task Apply(string manifest) =>
        Assert.DoesNotContain((await applier.Apply(new([new("p.yaml", manifest)], false), null, "test", Cancel)).Diagnostics, d => d.Severity == "error");

    private Task Has(params VmInfo[] vms) => applier.Take(Sample.HostA, new HostInventory { Vms = { vms } });

    private Task Learn(params LearnedClaim[] claims) => applier.Learn(Sample.HostA, claims);

    private Task EndLeases() => applier.EndLeases(_ => true, Cancel);

    private string[] GuardedVms() =>
        [.. applier.State.Plans[Sample.HostA].Policy.Nics.Select(n => applier.State.Plans[Sample.HostA].Policy.Endpoints[n.Endpoint].Vm).Order()];

    private AddressPin Pin(string address) => applier.State.Inventory.Pins.Pins.Single(p => p.Key.Address == Address.Parse(address)).Value;

    // As the policy of its host has them, not only the inventory.
    private string[] Addresses(int vm)
    {
        var mine = applier.State.Hosts.Messages.Values.OrderByDescending(m => m.Sequence).SelectMany(m => m.Endpoints).FirstOrDefault(e => e.VmUuid == Key(vm).VmUuid);
        string[] told = [.. applier.State.Vms.Vms.Where(v => v.Uuid == Key(vm).VmUuid).SelectMany(v => v.Nics).SelectMany(n => n.Addresses).Order().Select(a => a.ToString())];
        if (mine is not null) Assert.Equal(told, mine.Addresses.Select(a => Address.FromBytes(a.Span)).Order().Select(a => a.ToString()));
        return told;
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
