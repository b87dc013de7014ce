using AwesomeAssertions;
using Merlon.Agent.Sync;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class ClaimCourtTest
{
    [Fact]
    public void Who_was_first_keeps_the_address_even_against_a_lower_key()
    {
        var before = ClaimCourt.Settle(Samples.Policy(1, Samples.Endpoint(2, "10.8.0.5")), Samples.NoOwners);
        var after = ClaimCourt.Settle(Samples.Policy(2, Samples.Endpoint(1, "10.8.0.5"), Samples.Endpoint(2, "10.8.0.5")), before.Owners);
        after.Policy.Endpoints[0].Addresses.Should().BeEmpty();
        after.Policy.Endpoints[1].Addresses.Should().Equal(Address.Parse("10.8.0.5"));
        after.Refused.Should().Equal(new RefusedClaim("default", "10.8.0.5", "vm-2", "vm-1"));
    }

    [Fact]
    public void An_address_that_its_owner_gave_up_is_free()
    {
        var before = ClaimCourt.Settle(Samples.Policy(1, Samples.Endpoint(2, "10.8.0.5")), Samples.NoOwners);
        var after = ClaimCourt.Settle(Samples.Policy(2, Samples.Endpoint(1, "10.8.0.5"), Samples.Endpoint(2)), before.Owners);
        after.Refused.Should().BeEmpty();
        after.Policy.Endpoints[0].Addresses.Should().HaveCount(1);
    }

    [Fact]
    public void Different_realms_may_use_one_address()
    {
        var other = Samples.Endpoint(1, "10.8.0.5") with { Realm = "other" };
        ClaimCourt.Settle(Samples.Policy(1, other, Samples.Endpoint(2, "10.8.0.5")), Samples.NoOwners).Refused.Should().BeEmpty();
    }
}
