using AwesomeAssertions;
using Merlon.Datapath;
using Merlon.Datapath.Links;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Links;

public class LinkTableTests
{
    [Fact]
    public void A_bridge_port_is_listed_with_kind_master_and_address()
    {
        using var link = new TapLink();
        var bridge = $"mkb{Environment.ProcessId}";
        KernelObject.Run("ip", "link", "add", bridge, "type", "bridge");
        try
        {
            KernelObject.Run("ip", "link", "set", link.Name, "address", "52:54:00:00:00:09", "master", bridge);
            var found = LinkTable.Find(link.Name)!;
            found.Kind.Should().Be("tun");
            found.Mac.ToString().Should().Be("52:54:00:00:00:09");
            found.Master.Should().Be(LinkTable.Find(bridge)!.Ifindex);
            LinkTable.Find(bridge)!.Kind.Should().Be("bridge");
        }
        finally
        {
            KernelObject.Run("ip", "link", "del", bridge);
        }
    }

    [Fact]
    public void The_transmit_queue_can_be_set_and_set_back()
    {
        using var link = new TapLink();
        var before = LinkTable.Find(link.Name)!.TransmitQueue;
        LinkTable.SetTransmitQueue(link.Ifindex, 0);
        LinkTable.Find(link.Name)!.TransmitQueue.Should().Be(0);
        LinkTable.SetTransmitQueue(link.Ifindex, before);
        LinkTable.Find(link.Name)!.TransmitQueue.Should().Be(before);
        var set = () => LinkTable.SetTransmitQueue(999_999, 1);
        set.Should().Throw<DatapathException>();
    }

    [Fact]
    public async Task A_watch_hears_of_links_that_come_and_go()
    {
        using var watch = new LinkWatch();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        int ifindex;
        using (var link = new TapLink()) ifindex = link.Ifindex;
        var (came, went) = (false, false);
        while (!went)
            foreach (var change in await watch.ReadAsync(limit.Token))
            {
                came |= change.Link?.Ifindex == ifindex && !change.Removed;
                went |= change.Link?.Ifindex == ifindex && change.Removed;
            }
        came.Should().BeTrue();
    }
}
