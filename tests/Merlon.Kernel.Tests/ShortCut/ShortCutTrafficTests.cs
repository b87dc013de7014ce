using System.Net.Sockets;
using System.Security.Cryptography;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests.ShortCut;

/// <summary>Real stacks, super-packets and checksums left to the host, over a real bridge: with the short cut and without it the same arrives.</summary>
public sealed class ShortCutTrafficTests : IDisposable
{
    private const int Port = 7100, Blocks = 512;
    private static readonly byte[] s_block = RandomNumberGenerator.GetBytes(64 << 10);
    private readonly Cable _cable = new();

    public void Dispose() => _cable.Dispose();

    private Ways Cut => new(_cable);

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_stream_arrives_whole_and_nearly_all_of_it_goes_straight(AddressFamily family)
    {
        using var cut = Cut;
        var sum = await Stream(family, _ => { });
        Assert.Equal(Expected(), sum);
        var entry = Assert.Single(_cable.World.Kernel.Connections.List(), e => e.Proto == 6);
        Assert.InRange(entry.BytesOut, (ulong)Blocks * 65536, (ulong)Blocks * 65536 * 11 / 10);
        Assert.True(cut.Straight >= (entry.PacketsOut + entry.PacketsBack) * 9 / 10, $"{cut.Straight} of {entry.PacketsOut + entry.PacketsBack} packets went straight");
        Assert.Empty(_cable.World.Losses());
    }

    [Fact]
    public async Task Changes_in_mid_stream_lose_nothing()
    {
        using var cut = Cut;
        var sum = await Stream(AddressFamily.InterNetwork, block =>
        {
            if (block % 50 == 10) _cable.World.Kernel.Control.BumpTopology();
            if (block % 50 == 20) cut.Close();
            if (block % 50 == 30) cut.Open();
            if (block % 50 == 40) _cable.World.Kernel.ShortCut.On = !_cable.World.Kernel.ShortCut.On;
        });
        Assert.Equal(Expected(), sum);
        Assert.NotEqual(0UL, cut.Straight);
        Assert.Empty(_cable.World.Losses());
    }

    private static string Expected()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < Blocks; i++) hash.AppendData(s_block);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    // From web to db; before each block something may happen. The sum of what arrived.
    private async Task<string> Stream(AddressFamily family, Action<int> before)
    {
        var v6 = family == AddressFamily.InterNetworkV6;
        using var listener = _cable.Db.Namespace.Enter(() =>
        {
            var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            socket.Hold(Port);
            socket.Listen(1);
            return socket;
        });
        using var client = _cable.Web.Namespace.Enter(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = 20_000 });
        await client.ConnectAsync(v6 ? _cable.Db.Ip6 : _cable.Db.Ip4, Port);
        using var server = await listener.AcceptAsync();
        var arrived = Task.Run(() =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 17];
            for (int got; (got = server.Receive(buffer)) > 0;) hash.AppendData(buffer, 0, got);
            return Convert.ToHexString(hash.GetHashAndReset());
        });
        for (var block = 0; block < Blocks; block++)
        {
            before(block);
            client.Send(s_block);
        }
        client.Shutdown(SocketShutdown.Send);
        return await arrived;
    }

    /// <summary>Both guests on ways, and a lease that somebody renews.</summary>
    private sealed class Ways : IDisposable
    {
        private readonly Cable _cable;
        private readonly Timer _lease;

        public Ways(Cable cable)
        {
            _cable = cable;
            Open();
            _lease = new(_ => Table.Renew(TimeSpan.FromSeconds(2)), null, 0, 500);
        }

        public ulong Straight => _cable.World.Kernel.Counters[Counter.ShortCut];

        private Merlon.Datapath.Maps.ShortCut Table => _cable.World.Kernel.ShortCut;

        public void Open() => Table.Set([Of(_cable.Web), Of(_cable.Db)]);

        public void Close() => Table.Set([]);

        public void Dispose() => _lease.Dispose();

        private Way Of(Guest guest) => Way.Of(_cable.Ifindex(guest), _cable.World[guest.Name].Record, domain: 1, mtu: 1500);
    }
}
