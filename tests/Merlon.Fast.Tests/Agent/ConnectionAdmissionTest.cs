using System.Collections.Immutable;
using AwesomeAssertions;
using CsCheck;
using Merlon.Agent.Migration;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>What of a snapshot may live on this host.</summary>
public class ConnectionAdmissionTest
{
    private static readonly Dictionary<int, ImmutableHashSet<Address>> s_own = new()
    {
        [0] = [Address.Parse("10.8.0.5"), Address.Parse("fd00::5")], [1] = [Address.Parse("10.8.1.5")],
    };

    public static TheoryData<string, object> Refused() => new()
    {
        { "not-own-address", Travellers.Tcp(1, own: "10.8.0.6") },
        { "not-own-address", Travellers.Tcp(1) with { Nic = 1 } },
        { "not-own-address", Travellers.Tcp(1) with { Nic = 9 } },
        { "bad-peer", Travellers.Tcp(1, peer: "224.0.0.1") },
        { "bad-peer", Travellers.Tcp(1, peer: "10.8.1.5") },
        { "bad-peer", Travellers.Tcp(1, peer: "fd00::7") },
        { "bad-protocol", At(Travellers.Tcp(1), 0, 443) },
        { "bad-protocol", Travellers.Tcp(1) with { Proto = 47 } },
        { "bad-protocol", At(Travellers.Tcp(1) with { Proto = 1 }, 7, 7) },
        { "bad-protocol", At(Travellers.Tcp(1) with { Proto = 58 }, 7, 8) },
        { "expired", Travellers.Tcp(1) with { Remaining = TimeSpan.Zero } },
        { "over", Travellers.Tcp(1) with { State = ConnState.Reset } },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_this_VMs_or_makes_no_sense_is_left_out_and_counted(string why, object connection)
    {
        var admitted = Admit(Travellers.Snapshot((TravellingConnection)connection, Travellers.Tcp(2)));
        admitted.Connections.Should().Equal(Travellers.Tcp(2));
        admitted.Refused.Should().Equal(new Dictionary<string, int> { [why] = 1 });
    }

    [Fact]
    public void Both_families_echo_and_protocols_without_ports_travel()
    {
        TravellingConnection[] all =
        [
            Travellers.Tcp(1), Travellers.Tcp(2, "fd00::5", "fd00::7"), Travellers.Tcp(3) with { Proto = 17 }, At(Travellers.Tcp(4) with { Proto = 1 }, 7, 8),
            At(Travellers.Tcp(5) with { Proto = 1, Opened = false }, 8, 7), At(Travellers.Tcp(6, "fd00::5", "fd00::7") with { Proto = 58 }, 65535, 0), At(Travellers.Tcp(7) with { Proto = 47 }, 0, 0),
        ];
        Admit(Travellers.Snapshot(all)).Connections.Should().BeEquivalentTo(all);
    }

    [Fact]
    public void Another_VMs_snapshot_installs_nothing()
    {
        var admitted = Admit(Travellers.Snapshot(Travellers.Tcp(1)) with { VmUuid = Samples.Key(2).VmUuid });
        (admitted.Connections.Length, admitted.Refused["another-vm"]).Should().Be((0, 1));
    }

    [Fact]
    public void No_more_than_its_budget_holds_the_first_first()
    {
        var admitted = Admit(Travellers.Snapshot(Enumerable.Range(0, 10).Reverse().Select(i => Travellers.Tcp(i))), room: 3);
        admitted.Connections.Should().Equal(Travellers.Tcp(0), Travellers.Tcp(1), Travellers.Tcp(2));
        admitted.Refused["over-budget"].Should().Be(7);
    }

    [Fact]
    public void A_file_that_is_restored_later_is_older_by_that_much_and_none_is_younger()
    {
        var old = Travellers.Snapshot(Travellers.Tcp(1), Travellers.Tcp(2) with { Remaining = TimeSpan.FromMinutes(5) }, Travellers.Tcp(3) with { Remaining = TimeSpan.FromDays(40) });
        var later = Admit(old, now: Travellers.Saved.AddMinutes(6));
        later.Connections.Select(c => (c.Remaining.TotalMinutes, c.Age.TotalSeconds)).Should().Equal((11 * 60 - 6, 90 + 360), (12 * 60 - 6, 90 + 360));
        later.Refused["expired"].Should().Be(1);
        Admit(old, now: Travellers.Saved.AddHours(13)).Connections.Should().BeEmpty();
        Admit(old, now: Travellers.Saved.AddHours(-1)).Connections[0].Remaining.Should().Be(TimeSpan.FromHours(11), "the clock of the other host was ahead");
    }

    /// <summary>Whatever it holds: what is admitted has this VM's address at one end, and the sum is right.</summary>
    [Fact]
    public void Nothing_made_up_gets_an_address_of_others() =>
        Travellers.Any.Array[0, 30].Sample(all =>
        {
            var mine = all.Select((c, i) => i % 3 == 0 ? c with { Nic = 0, Own = c.Own with { Address = Address.Parse("10.8.0.5") } } : c).ToArray();
            var admitted = Admit(Travellers.Snapshot(mine), room: 5);
            Assert.All(admitted.Connections, c => Assert.True(s_own[c.Nic].Contains(c.Own.Address) && c.Peer.Address.IsOwnable));
            Assert.True(admitted.Connections.Length <= 5);
            Assert.Equal(mine.Length, admitted.Connections.Length + admitted.Refused.Values.Sum());
        }, iter: 500);

    private static AdmittedConnections Admit(ConnectionSnapshot snapshot, int room = 100, DateTimeOffset? now = null) =>
        ConnectionAdmission.Of(snapshot, Travellers.Vm, s_own, room, now ?? Travellers.Saved);

    private static TravellingConnection At(TravellingConnection c, ushort own, ushort peer) => c with { Own = c.Own with { Port = own }, Peer = c.Peer with { Port = peer } };
}
