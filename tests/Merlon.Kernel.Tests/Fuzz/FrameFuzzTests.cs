using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>No frame passes that the plain evaluator refuses, whatever its bytes; `./dev long frames` plays ten million.</summary>
public sealed class FrameFuzzTests
{
    private const ulong FirstSeed = 4_000_001;

    [Fact, Trait("long", "frames")]
    public void Nothing_passes_that_the_plain_evaluator_refuses()
    {
        var evidence = new Evidence("frames").With("firstSeed", FirstSeed);
        evidence.Batches(brief: 120_000, full: 10_000_000, batch: 500_000, (first, count) =>
        {
            var (plain, trunk) = (Played(first, count / 2, trunk: false), Played(first + count / 2, count - count / 2, trunk: true));
            return plain.Concat(trunk).GroupBy(c => c.Key, (key, all) => (key, all.Sum(c => c.Count)));
        });
    }

    // trunk: both VMs may tag, and each hook judges for itself.
    private static List<(string Key, long Count)> Played(int first, int count, bool trunk)
    {
        using var shop = new Shop(trunk);
        var plain = new PlainGuard(shop.Set!, shop.Inventory!);
        var play = new FramePlay(FirstSeed + (ulong)first, shop, plain);
        play.Play(count);
        Assert.True(play.Wrong.Count == 0, string.Join('\n', play.Wrong));
        play.NoEntryIsLeftOver();
        if (trunk) Assert.Contains(plain.Talks, t => t.Vlan != 0);
        var reasons = shop.Kernel.Counters.Drops().Where(d => d.Value > 0).ToList();
        Assert.True(play.Left > count / 20 && play.Arrived > count / 20, $"too little passes: {play.Left} left, {play.Arrived} arrived of {count}");
        foreach (var reason in ReasonsOfBytes) Assert.Contains(reason, reasons.Select(r => r.Key));
        return [("left", play.Left), ("arrived", play.Arrived), .. reasons.Select(r => ("dropped " + r.Key.Text(), (long)r.Value))];
    }

    /// <summary>The controls: a program that asks less is caught.</summary>
    [Theory]
    [InlineData("sources")]
    [InlineData("ARP")]
    [InlineData("policy")]
    [InlineData("VLANs")]
    [InlineData("types")]
    [InlineData("licences")]
    public void A_program_that_asks_less_is_caught(string what)
    {
        using var shop = new Shop(trunk: what is "VLANs" or "types" or "licences");
        var plain = new PlainGuard(shop.Set!, shop.Inventory!);
        if (what == "sources") shop.ChangePort("web", p => p with { SpoofIpv4 = 0 });
        if (what == "ARP") shop.ChangePort("web", p => p with { SpoofArp = 0 });
        if (what == "VLANs") shop.ChangePort("web", p => p with { Vlans = PortVlans.From([new(1, 4094)]) });
        if (what == "types") shop.ChangePort("web", p => p with { EtherTypes = PortEtherTypes.From([0x88cc, 0x2000]) });
        if (what == "licences") shop.Kernel.Licences.Set(shop.Web.Record.Vnic, shop.Web.Record.Slot, new([new(Address.Parse("10.0.0.0"), 24)], []));
        if (what == "policy") shop.Apply(Shop.Manifest.Replace("udp/53", "udp/79", StringComparison.Ordinal));
        var play = new FramePlay(FirstSeed, shop, plain);
        play.Play(50_000);
        Assert.NotEmpty(play.Wrong);
    }

    /// <summary>What depends on bytes alone must have been reached.</summary>
    private static readonly Reason[] ReasonsOfBytes =
    [
        Reason.Default, Reason.Rule, Reason.Truncated, Reason.Malformed, Reason.Ethertype, Reason.VlanTag, Reason.Fragment, Reason.ExtensionHeader, Reason.SpoofedMac,
        Reason.SpoofedAddress, Reason.SpoofedArp, Reason.SpoofedNd, Reason.DhcpServer, Reason.RouterAdvertisement, Reason.TcpNoConnection, Reason.TcpInvalidFlags,
        Reason.TcpOutOfWindow, Reason.IcmpNoConnection, Reason.IcmpUnrelated, Reason.OtherMac,
    ];
}
