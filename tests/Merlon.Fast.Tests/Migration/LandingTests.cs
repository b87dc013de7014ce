using Merlon.Agent.Migration.Connections;
using Merlon.Agent.Sync;
using Merlon.Fast.Tests.Agent;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Migration;

/// <summary>What a forged snapshot may have installed: nothing but connections of the VM's own addresses, each once.</summary>
public sealed class LandingTests
{
    private readonly HostPlan _plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1, "10.8.0.1"), Samples.Endpoint(2, "10.8.0.2")), "d");

    private Landing Of(bool carry = true) => new(_plan.Nics.Where(n => n.Key == Samples.Key(1)).Select(n => n with { Guard = NicGuard.Default with { CarryConnections = carry } }));

    [Fact]
    public void A_connection_of_an_own_address_lands_at_the_own_vNIC()
    {
        var held = Of().Judge(Snapshots.Connection(5))!.Value;
        Assert.Equal(_plan.Nics[0].Vnic, held.Record.Side[held.Side].Vnic);
        Assert.Equal((0U, 0U, 0U), (held.Record.Side[1 - held.Side].Vnic, held.Record.Side[0].Epoch, held.Record.Side[1].Epoch));
        Assert.Equal((0U, 0, 0U, 0U), (held.Record.Topology, held.Record.Way[0], held.Record.Rule[0], held.Record.Rule[1]));
    }

    [Fact]
    public void Without_a_Guard_that_says_so_nothing_lands()
    {
        Assert.True(Of(carry: false).IsClosed);
        Assert.Null(Of(carry: false).Judge(Snapshots.Connection(5)));
    }

    [Fact]
    public void Of_two_of_the_same_ends_the_first_counts()
    {
        var landing = Of();
        Assert.NotNull(landing.Judge(Snapshots.Connection(5)));
        Assert.Null(landing.Judge(Snapshots.Connection(5) with { Flags = CarriedFlags.None }));
    }

    public static TheoryData<string> Forgeries => [.. s_forgeries.Keys];

    private static readonly Dictionary<string, Func<CarriedConnection, CarriedConnection>> s_forgeries = new()
    {
        ["another VM's address"] = c => c with { Local = Address.Parse("10.8.0.2") },
        ["a third one's"] = c => c with { Local = Address.Parse("192.0.2.1"), Remote = Address.Parse("192.0.2.2") },
        ["its own address as the other end"] = c => c with { Remote = c.Local },
        ["an interface that it does not have"] = c => c with { Nic = 1 },
        ["a multicast end"] = c => c with { Remote = Address.Parse("224.0.0.5") },
        ["an end of another family"] = c => c with { Remote = Address.Parse("2001:db8::1") },
        ["no time left"] = c => c with { RemainingMs = 0 },
        ["idle for longer than it lives"] = c => c with { IdleMs = 60_001 },
        ["older than any machine"] = c => c with { AgeMs = ulong.MaxValue },
        ["an impossible scale"] = c => c with { LocalScale = 15 },
        ["flags that nobody knows"] = c => c with { Flags = (CarriedFlags)0x40 },
        ["a FIN of UDP"] = c => c with { Proto = Protocols.Udp, Flags = CarriedFlags.LocalFin },
        ["a datagram's flow that the other end opened"] = c => c with { Proto = Protocols.Udp, Flags = CarriedFlags.None },
        ["a tag where the Guard lists none"] = c => c with { Vlan = 10 },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void A_forgery_does_not_land(string what) => Assert.Null(Of().Judge(s_forgeries[what](Snapshots.Connection(5))));
}
