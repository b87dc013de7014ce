using System.Text.Json;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>intruder says it is web-1. Counted in db-1: frames that come from intruder's MAC and name an address of web-1's (intruder's own
/// neighbour discovery may come).</summary>
[Collection(LabCollection.Name)]
public sealed class ClaimTests(LabHost lab, GuardedLab guarded) : IClassFixture<GuardedLab>, IDisposable
{
    private const string IntruderMac = "52:54:00:08:00:08";
    private static readonly string[] ArpAndNd = ["claim 10.8.0.5 20", "claim fd00:8::5 20"];
    private static readonly string[] Speech =
        ["tcp 10.8.0.7 5432 from=10.8.0.5 timeout=500", "udp 10.8.0.7 7000 20 from=10.8.0.5 timeout=500", "udp fd00:8::7 7000 20 from=fd00:8::5 timeout=500"];

    private static readonly Heard Nothing = new(0, "");

    [Fact]
    public async Task Claimed_by_ARP_and_by_neighbour_advertisement()
    {
        guarded.Guard();
        Assert.Equal(Nothing, await Guarded(ArpAndNd));
        Told("spoofed-arp", "spoofed-nd");
        Assert.True((await Unguarded(ArpAndNd)).Frames > 0, "the control: unguarded, the claims arrive");
    }

    [Fact]
    public async Task Claimed_by_a_static_address()
    {
        guarded.Guard();
        Assert.Equal(Nothing, await AsWeb1(Guarded));
        Told("spoofed-address");
        Assert.True((await AsWeb1(Unguarded)).Frames > 0, "the control: unguarded, it speaks as web-1");
    }

    [Fact]
    public async Task Claimed_by_metadata()
    {
        guarded.Guard();
        try
        {
            Declare("intruder", "rival", IntruderMac, "10.8.0.8", "fd00:8::8", "10.8.0.5", "fd00:8::5");
            Product.Until("the claim is told", TimeSpan.FromSeconds(10), () => guarded.Alarms("address-claim").Any(
                m => m.Contains("intruder claims 10.8.0.5", StringComparison.Ordinal) && m.Contains("web-1", StringComparison.Ordinal)));
            Assert.Contains("10.8.0.5 belongs to web-1", guarded.Nic("intruder").GetProperty("problem").GetString(), StringComparison.Ordinal);
            Assert.Equal(Nothing, await AsWeb1(Guarded));
            Assert.True((await AsWeb1(Unguarded)).Frames > 0, "the control: unguarded, it speaks as web-1");
        }
        finally
        {
            Declare("intruder", "rival", IntruderMac, "10.8.0.8", "fd00:8::8");
        }
        Product.Until("the claim is over", TimeSpan.FromSeconds(20), () => !guarded.Alarms("address-claim").Any());
    }

    // web-1 has the lower UUID: only having been first can give intruder the address.
    [Fact]
    public void The_first_claim_holds_whoever_is_killed_and_whatever_file_is_lost()
    {
        guarded.Guard();
        try
        {
            Declare("intruder", "rival", IntruderMac, "10.8.0.8", "fd00:8::8", "10.8.0.77");
            Product.Until("intruder has it", TimeSpan.FromSeconds(10), () => guarded.Addresses("intruder").Contains("10.8.0.77"));
            Declare("web-1", "shop", "52:54:00:08:00:05", "10.8.0.5", "fd00:8::5", "10.8.0.77");
            IntruderKeepsIt();
            foreach (var lost in new[] { "", "guests.json" })
            {
                Product.Kill9(guarded.Product.Agent);
                Product.Kill9(guarded.Product.Controller);
                if (lost.Length > 0) File.Delete(Path.Combine(guarded.Product.Paths.Var, lost));
                guarded.Product.StartController();
                guarded.Product.StartAgent();
                IntruderKeepsIt();
            }
        }
        finally
        {
            Declare("web-1", "shop", "52:54:00:08:00:05", "10.8.0.5", "fd00:8::5");
            Declare("intruder", "rival", IntruderMac, "10.8.0.8", "fd00:8::8");
        }
    }

    /// <summary>What the controls made the others believe, web-1 puts right.</summary>
    public void Dispose()
    {
        foreach (var own in new[] { "claim 10.8.0.5", "claim fd00:8::5" }) lab.Probe("web-1", own);
    }

    private void IntruderKeepsIt()
    {
        Product.Until("the claim is told", TimeSpan.FromSeconds(20), () => guarded.Alarms("address-claim").Any(
            m => m.Contains("web-1 claims 10.8.0.77", StringComparison.Ordinal) && m.Contains("intruder", StringComparison.Ordinal)));
        Assert.Contains("10.8.0.77", guarded.Addresses("intruder"));
        Assert.DoesNotContain("10.8.0.77", guarded.Addresses("web-1"));
    }

    private void Told(params string[] reasons) => Product.Until(string.Join(", ", reasons), TimeSpan.FromSeconds(10),
        () => guarded.Denied("intruder").IsSupersetOf(reasons));

    /// <summary>intruder takes web-1's addresses, knows where db-1 is without asking, and speaks.</summary>
    private async Task<Heard> AsWeb1(Func<string[], Task<Heard>> count)
    {
        foreach (var setUp in new[] { "addr add 10.8.0.5/24", "addr add fd00:8::5/64", "sh arp -s 10.8.0.7 52:54:00:08:00:07" }) Do(setUp);
        await Task.Delay(500, TestContext.Current.CancellationToken); // a new address's own group reports are nobody else's name
        try
        {
            return await count(Speech);
        }
        finally
        {
            foreach (var undo in new[] { "addr del 10.8.0.5/24", "addr del fd00:8::5/64", "sh arp -d 10.8.0.7" }) Do(undo);
        }
    }

    /// <summary>Frames while web-1 talks to db-1, which must not be disturbed.</summary>
    private async Task<Heard> Guarded(string[] attack)
    {
        var stream = lab.ProbeBeside("web-1", "stream 10.8.0.7 5432 4 rate=50 stall=15000");
        var frames = await Frames(attack);
        var own = await stream;
        Assert.True(own.GetProperty("ok").GetBoolean(), own.ToString());
        Assert.Equal(own.GetProperty("sent").GetInt64(), own.GetProperty("received").GetInt64());
        return frames;
    }

    /// <summary>The control: nobody guards intruder.</summary>
    private async Task<Heard> Unguarded(string[] attack)
    {
        guarded.GuardShopOnly();
        return await Frames(attack);
    }

    /// <param name="First">Start of the first frame, in hex.</param>
    private sealed record Heard(long Frames, string First);

    private async Task<Heard> Frames(string[] attack)
    {
        var sniff = lab.ProbeBeside("db-1", $"sniff 4 src={IntruderMac} about=10.8.0.5 about6=fd00:8::5");
        await Task.Delay(700, TestContext.Current.CancellationToken);
        foreach (var command in attack) lab.Probe("intruder", command);
        var seen = await sniff;
        Assert.True(seen.GetProperty("ok").GetBoolean());
        return new(seen.GetProperty("matching").GetInt64(), seen.GetProperty("first").GetString()!);
    }

    private void Do(string command) => Assert.True(lab.Probe("intruder", command) is var a && a.GetProperty("ok").GetBoolean(), $"{command}: {a}");

    private void Declare(string vm, string tenant, string mac, params string[] addresses) => lab.Virsh("metadata", vm, "urn:merlon:1", "--key", "merlon", "--live", "--config", "--set",
        $"<vm tenant=\"{tenant}\">{(tenant == "shop" ? "<label name=\"tier\" value=\"web\"/>" : "")}<nic mac=\"{mac}\" network=\"br0\">{string.Concat(addresses.Select(a => $"<address>{a}</address>"))}</nic></vm>");
}
