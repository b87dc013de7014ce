using System.Net.Sockets;
using AwesomeAssertions;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>The bridge's own connection tracking (nf_conntrack_bridge), which also puts fragments together and apart again.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public sealed class BridgeConntrackRows : IDisposable
{
    private readonly OldKernelCable _place;

    public BridgeConntrackRows(OldKernelCable place)
    {
        _place = place;
        Nft("""
            table bridge seen {
              chain forward {
                type filter hook forward priority 0
                ct state established counter comment "live"
                udp dport 7789 ct state new counter comment "new"
                udp dport 7790 counter drop comment "refused"
                udp dport 7791 counter comment "forbidden"
              }
            }
            """);
    }

    public void Dispose() => Nft("delete table bridge seen");

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_tracked_stream_arrives_whole(AddressFamily family)
    {
        _place.Mark();
        Streams.Transfer(_place, family, 500_000);
        _place.NewDrops().Should().BeEmpty();
        Counted("live").Should().BeGreaterThan(10);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Fragments_that_the_bridge_put_together_and_apart_again_pass(AddressFamily family)
    {
        _place.Mark();
        var to = family == AddressFamily.InterNetwork ? _place.Db.Ip4 : _place.Db.Ip6;
        OldKernelCable.In(_place.Web, "busybox", "ping", "-c", "5", "-i", "0.2", "-s", "6000", to.ToString()).Should().Contain(" 0% packet loss");
        _place.NewDrops().Should().BeEmpty();
        Counted("live").Should().BeGreaterThanOrEqualTo(5);
    }

    [Fact]
    public void What_Merlon_refuses_is_never_tracked()
    {
        _place.Cable.Delivered(7789).Should().Be(20);
        Counted("new").Should().BePositive();
        _place.Cable.Delivered(7791).Should().Be(0);
        Counted("forbidden").Should().Be(0);
    }

    [Fact]
    public void What_Merlon_allows_the_bridge_still_may_refuse()
    {
        _place.Cable.Delivered(7790).Should().Be(0);
        Counted("refused").Should().Be(20);
    }

    private void Nft(string text) => _place.OnHost("nft", text);

    private long Counted(string comment)
    {
        var line = _place.OnHost("nft", "list", "table", "bridge", "seen").Split('\n').Single(l => l.Contains($"comment \"{comment}\"", StringComparison.Ordinal));
        return OldKernelCable.NumberAfter(line, "packets ");
    }
}
