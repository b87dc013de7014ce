using System.Runtime.InteropServices;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>The mark of a port whose VM has not spoken here yet. What becomes of packets meanwhile: tests/cases/packets/arrivals.yaml.</summary>
public sealed class ArrivalTests : IDisposable
{
    private readonly World _shop = new(Shop.Manifest);

    public void Dispose() => _shop.Dispose();

    private byte[] Frame => new Packet(_shop["web"].V4, _shop["db"].V4) { SourceMac = _shop["web"].Mac, DestinationMac = _shop["db"].Mac, Proto = Protocols.Udp, DestinationPort = 80 }.Bytes();

    private static byte[] Bytes(in PortRecord record) => MemoryMarshal.AsBytes(new ReadOnlySpan<PortRecord>(in record)).ToArray();

    private PortRecord Record(string vm) => _shop.Kernel.Ports.TryGet(_shop[vm].Ifindex, out var record) ? record : throw new InvalidOperationException(vm);

    /// <summary>An operator asks what would become of it: it goes nowhere, so no bridge has seen the VM.</summary>
    [Fact]
    public void Only_a_real_packet_takes_it_away_and_nothing_else_of_the_record()
    {
        foreach (var vm in new[] { "web", "db" }) _shop.ChangePort(vm, p => p with { Awaited = 1 });
        var (web, db) = (Record("web"), Record("db"));
        _shop.Kernel.Tests.Trace("from_vm", Frame, _shop["web"].Ifindex).Passed.Should().BeTrue();
        Bytes(Record("web")).Should().Equal(Bytes(web));
        _shop.Hook("from_vm", _shop["web"], Frame).Passed.Should().BeTrue();
        Bytes(Record("web")).Should().Equal(Bytes(web with { Awaited = 0 }));
        Bytes(Record("db")).Should().Equal(Bytes(db));
    }
}
