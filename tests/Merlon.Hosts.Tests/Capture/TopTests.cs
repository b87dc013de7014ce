using System.Text.Json;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Capture;

/// <summary>merlon top against what the guests sent, with a real agent.</summary>
public sealed class TopTests
{
    private const int Open = 7400, Shut = 7401, Passing = 50, Refused = 20;

    [Fact]
    public async Task A_look_tells_what_the_guests_sent()
    {
        using var host = new TestHost();
        var (a, b) = (host.AddGuest("a"), host.AddGuest("b"));
        host.Start();
        host.Product.Apply(Manifests.Frame + "---\n" + Manifests.Open($"udp/{Open}"));
        host.Product.Attach(a, "shop");
        host.Product.Attach(b, "shop");
        using var listener = b.Udp(Open);
        var look = Task.Run(() => host.Product.Cli("top", "-i", "8s", "-n", "1", "-o", "json"));
        await Task.Delay(3000, TestContext.Current.CancellationToken);
        UdpSender.Burst(a, b, Open, Passing);
        UdpSender.Burst(a, b, Shut, Refused);
        var top = JsonDocument.Parse((await look).Ok()).RootElement;
        var seconds = top.GetProperty("seconds").GetDouble();
        Assert.InRange(seconds, 7.5, 25);
        Assert.True(top.GetProperty("hookCpu").GetDouble() > 0);
        var vms = top.GetProperty("vms").EnumerateArray().ToDictionary(v => v.GetProperty("vm").GetString()!);
        Assert.Equal(["a", "b"], vms.Keys.Order());
        Assert.InRange(All("a", "packetsOut"), Passing + Refused, Passing + Refused + 30);
        Assert.InRange(All("b", "packetsIn"), Passing, Passing + 30);
        Assert.Equal(1, All("a", "opened"));
        Assert.Equal(Refused, All("a", "denied"));
        Assert.Equal(0, All("b", "denied"));
        // For people: a line for the host, one for the names, one for each VM.
        Assert.Equal(4, host.Product.Cli("top", "-n", "1").Ok().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(1, host.Product.Cli("top", "-i", "never").Code);

        double All(string vm, string what) => Math.Round(vms[vm].GetProperty(what).GetDouble() * seconds);
    }
}
