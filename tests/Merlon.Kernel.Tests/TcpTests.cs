using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests;

public sealed class TcpTests(Shop shop) : IClassFixture<Shop>
{
    private static int s_port = 20000;

    [Fact]
    public void Counts_are_those_of_the_guests()
    {
        var talk = new Talk(shop, shop.WebToDb(), Interlocked.Increment(ref s_port)).Open();
        for (var i = 0; i < 10; i++) talk.Client(Tcp.Ack, 100);
        for (var i = 0; i < 7; i++) talk.Server(Tcp.Ack, 1000);
        var entry = talk.Entry();
        Assert.Equal((12UL, 8UL, 12UL * 40 + 1000, 8UL * 40 + 7000), (entry.PacketsOut, entry.PacketsBack, entry.BytesOut, entry.BytesBack));
    }
}
