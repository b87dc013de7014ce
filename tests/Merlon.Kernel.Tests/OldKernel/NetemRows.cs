using System.Net.Sockets;
using AwesomeAssertions;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>Real TCP over a link that loses, repeats, delays and reorders: nothing valid may be dropped as invalid. What the
/// link did is counted by the receiver's stack or by netem itself, and must be more than nothing.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public class NetemRows(OldKernelCable place)
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Lost_segments(AddressFamily family) =>
        Through("loss 3%", family, () => OldKernelCable.NumberAfter(OldKernelCable.In(place.Web, "tc", "-s", "qdisc", "show", "dev", "eth0"), "dropped "));

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Repeated_segments(AddressFamily family) => Through("duplicate 20%", family, () => place.Db.TcpExt("TCPDSACKOldSent"));

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Reordered_segments(AddressFamily family) => Through("delay 5ms reorder 30% 50%", family, () => place.Db.TcpExt("TCPOFOQueue"));

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Lost_repeated_and_reordered_segments_at_once(AddressFamily family) =>
        Through("delay 3ms 2ms loss 2% duplicate 5% reorder 20%", family, () => place.Db.TcpExt("TCPOFOQueue"));

    private void Through(string what, AddressFamily family, Func<long> injected)
    {
        // Segments one by one, or the link would lose and repeat 64 KiB at a time.
        OldKernelCable.In(place.Web, "ip", "link", "set", "eth0", "gso_max_segs", "1");
        OldKernelCable.In(place.Web, ["tc", "qdisc", "add", "dev", "eth0", "root", "netem", "limit", "10000", .. what.Split(' ')]);
        try
        {
            place.Mark();
            var before = injected();
            Streams.Transfer(place, family, 500_000);
            (injected() - before).Should().BePositive($"the link has '{what}'");
            place.NewDrops().Should().BeEmpty();
        }
        finally
        {
            OldKernelCable.In(place.Web, "tc", "qdisc", "del", "dev", "eth0", "root");
        }
    }
}
