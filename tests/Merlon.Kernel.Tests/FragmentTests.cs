using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class FragmentTests(Shop shop) : IClassFixture<Shop>
{
    private static int s_id = 100;
    private readonly int _id = Interlocked.Increment(ref s_id);

    private Packet First(bool v6, int data = 1472) => shop.WebToDb(v6) with { Id = _id, MoreFragments = true, Data = data, SourcePort = _id };

    private Packet Later(bool v6, int offset = 1480, bool more = false, int data = 520) =>
        shop.WebToDb(v6) with { Id = _id, FragmentOffset = offset, MoreFragments = more, Data = data };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Later_fragments_count_on_the_connection_of_their_first(bool v6)
    {
        var header = v6 ? 48UL : 20UL;
        shop.Send(First(v6));
        shop.Send(Later(v6, 1480, more: true, data: 1480));
        shop.Send(Later(v6, 2960));
        var half = shop.Kernel.Connections.List().Single(e => e.SourcePort == _id);
        Assert.Equal((true, 3UL, 3 * header + 2960 + 520), (half.HalfOpen, half.PacketsOut, half.BytesOut));
        var reply = (shop.WebToDb(v6) with { SourcePort = _id }).Back() with { Id = _id, MoreFragments = true, Data = 1472 };
        shop.Send(reply);
        shop.Send(reply with { FragmentOffset = 1480, MoreFragments = false, Data = 100, Proto = v6 ? 0 : reply.Proto });
        var whole = shop.Kernel.Connections.List().Single(e => e.SourcePort == _id);
        Assert.Equal((false, 3UL, 2UL, 2 * header + 1580), (whole.HalfOpen, whole.PacketsOut, whole.PacketsBack, whole.BytesBack));
    }
}
