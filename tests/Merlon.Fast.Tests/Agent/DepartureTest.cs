using AwesomeAssertions;
using Merlon.Agent.Migration;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>What a VM takes along of this host's table.</summary>
public class DepartureTest
{
    private static readonly TcpEnd s_here = new(true, 7, new() { End = 10, MaxEnd = 20, MaxWin = 30 }, 40), s_there = new(false, 3, new() { End = 50, MaxEnd = 60, MaxWin = 70 }, 80);

    private static readonly ConnectionEntry s_entry = new(
        3, 0, 6, Address.Parse("10.8.0.5"), 40000, Address.Parse("10.9.0.7"), 443, ConnState.Established, false, TimeSpan.FromHours(11), 5_000_000_000,
        7, 1, 0, 0, 12, 13, 100, 200, 1000, 2000, 4, ConnFlags.ScaleOk | ConnFlags.LogClose, TimeSpan.FromSeconds(2), s_here, s_there);

    [Fact]
    public void The_VM_that_opened_it_is_its_own_end_with_names_and_durations()
    {
        var c = Leave(s_entry).Connections.Single();
        c.Should().Be(new TravellingConnection(1, 0, 6, new(Address.Parse("10.8.0.5"), 40000, true, 7, s_here.Window, 40, 100, 1000),
            new(Address.Parse("10.9.0.7"), 443, false, 3, s_there.Window, 80, 200, 2000), true, ConnState.Established, ConnFlags.ScaleOk,
            TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(2), TimeSpan.FromHours(11), "rule 12"));
    }

    [Fact]
    public void The_VM_that_was_called_is_its_own_end_too()
    {
        var c = Leave(s_entry with { SourceVnic = 9, DestinationVnic = 8 }).Connections.Single();
        (c.Nic, c.Opened, c.Own.Port, c.Own.Packets, c.Peer.Window, c.Rule).Should().Be((2, false, 443, 200, s_here.Window, "rule 13"));
    }

    [Fact]
    public void Others_connections_revoked_ones_and_those_within_the_VM_stay() =>
        Leave(s_entry with { SourceVnic = 9 }, s_entry with { Flags = ConnFlags.Revoked }, s_entry with { DestinationVnic = 8 }).Connections.Should().BeEmpty();

    [Fact]
    public void A_half_open_entry_beside_its_promoted_one_goes_once() => Leave(s_entry, s_entry with { HalfOpen = true, State = ConnState.Replied }).Connections.Should().ContainSingle();

    private static ConnectionSnapshot Leave(params ConnectionEntry[] entries) =>
        Departure.Of(Travellers.Vm, new Dictionary<uint, int> { [7] = 1, [8] = 2 }, entries, id => $"rule {id}", Travellers.Saved, 20_000_000_000);
}
