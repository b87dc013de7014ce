using System.Text.Json;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Hosts.Tests.Capture;

/// <summary>merlon trace with a real agent and controller: the live program and the policy, side by side.</summary>
public sealed class TraceTests
{
    private const int Open = 7410;

    [Fact]
    public void The_kernel_and_the_policy_say_the_same_until_somebody_meddles()
    {
        using var host = new TestHost();
        var (a, b, plain) = (host.AddGuest("a"), host.AddGuest("b"), host.AddGuest("plain"));
        host.Start();
        host.Product.Apply(Manifests.Frame + "---\n" + Manifests.Open($"udp/{Open}", $"tcp/{Open}", "icmp"));
        host.Product.Attach(a, "shop");
        host.Product.Attach(b, "shop");
        using var listener = b.Udp(Open);
        foreach (var service in new[] { $"udp/{Open}", $"tcp/{Open}", "icmp" })
            Assert.Equal(["from_vm a allow rule shop/open/open@1", "to_vm b allow rule shop/open/open@1"], Hops(host.Product, 0, "a", "b", service));
        Assert.Equal(["from_vm a deny default default"], Hops(host.Product, 0, "a", "b", "tcp/22"));
        Assert.Equal(["to_vm b deny default default"], Hops(host.Product, 0, plain.Ip4.ToString(), "b", $"udp/{Open}"));
        Assert.Equal(["from_vm a deny default default"], Hops(host.Product, 0, "a", "192.0.2.1", "udp/53"));
        Assert.Equal(["from_vm a allow rule shop/open/open@1", "to_vm b allow rule shop/open/open@1"], Hops(host.Product, 0, a.Ip6.ToString(), b.Ip6.ToString(), $"tcp/{Open}"));
        // No guest has seen any of it, and what passed is an entry like any other.
        Assert.Equal(0, listener.Available);
        Assert.Contains($"tcp/{Open}", host.Product.Cli("get", "connection").Ok(), StringComparison.Ordinal);
        // Neither end is here.
        Assert.Equal(3, host.Product.Cli("trace", "192.0.2.1", "192.0.2.2", "tcp/80").Code);
        using var kernel = new KernelControl(host.Product.Paths.Bpf);
        kernel.Disown(Address.Parse(a.Ip4.ToString()));
        Assert.Equal(["from_vm a deny spoofed-address "], Hops(host.Product, 2, a.Ip4.ToString(), b.Ip4.ToString(), $"udp/{Open}"));
    }

    private static string[] Hops(Product product, int code, string from, string to, string service)
    {
        var said = product.Cli("trace", from, to, service, "-o", "json");
        Assert.True(said.Code == code, said.Out + said.Error);
        var answer = JsonDocument.Parse(said.Out).RootElement;
        Assert.Equal(code == 0, answer.GetProperty("differences").GetArrayLength() == 0);
        return [.. answer.GetProperty("hops").EnumerateArray().Select(h =>
            $"{h.GetProperty("hook").GetString()} {h.GetProperty("vm").GetString()} {h.GetProperty("verdict").GetString()} {h.GetProperty("reason").GetString()} {(h.TryGetProperty("rule", out var rule) ? rule.GetString() : null)}")];
    }
}
