using System.Net.Sockets;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>The kernel's own SCTP sockets through the filter.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public class SctpRows
{
    private readonly OldKernelCable _place;

    public SctpRows(OldKernelCable place)
    {
        _place = place;
        Shell.Run("modprobe", "sctp").Ok();
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void An_allowed_association_carries_every_byte_and_is_one_connection(AddressFamily family)
    {
        _place.Mark();
        Streams.Transfer(_place, family, 200_000, sctp: true);
        _place.NewDrops().Should().BeEmpty();
        _place.Cable.World.Kernel.Connections.List().Should().Contain(e =>
            e.Proto == 132 && e.DestinationPort == Streams.Port && e.Source.ToString() == (family == AddressFamily.InterNetwork ? _place.Web.Ip4 : _place.Web.Ip6).ToString() && e.BytesOut > 200_000);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void An_association_that_no_rule_allows_is_not_made(AddressFamily family)
    {
        _place.Mark();
        Streams.Connects(_place, family, sctp: true, port: 7101, TimeSpan.FromSeconds(4)).Should().BeFalse();
        _place.NewDrops().Should().ContainKey(Reason.Default);
    }
}
