using Merlon.Agent.Learning;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Options of DHCP answers, as a hostile server would write them.</summary>
public class DhcpAnswerTests
{
    // Type 5, server identifier, lease of 3600 s, mask, end.
    private const string Ack = "350105" + "36040a0000fe" + "330400000e10" + "0104ffffff00" + "ff";

    // Client identifier, server identifier, one IA_NA with two addresses, the second for ever.
    private const string Reply = "0001000400030001" + "0002000400030001"
        + "00030044" + "00000001" + "00000e10" + "00001518"
        + "00050018" + "fd000008000000000000000000000077" + "00000e10" + "00001c20"
        + "00050018" + "fd000008000000000000000000000078" + "ffffffff" + "ffffffff";

    [Theory]
    [InlineData(Ack, 3600u)]
    [InlineData("000000" + Ack, 3600u)] // padding
    [InlineData(Ack + "0000", 3600u)]
    [InlineData("3304ffffffff350105ff", uint.MaxValue)]
    [InlineData("350105ff", null)] // BOOTP, or an answer to DHCPINFORM: no lease
    [InlineData("330400000e10ff", null)] // no type
    [InlineData("350102330400000e10ff", null)] // an offer
    [InlineData("350106330400000e10ff", null)] // no
    [InlineData("350105330400000000ff", null)] // a lease of nothing
    [InlineData("35020505330400000e10ff", null)] // lengths of their own
    [InlineData("3500330400000e10ff", null)]
    [InlineData("3501053303000e10ff", null)]
    [InlineData("350105330400000e10", null)] // no end
    [InlineData("350105350105330400000e10ff", null)] // twice
    [InlineData("350105330400000e10330400000e11ff", null)]
    [InlineData("350105330400000e100cffff", null)] // an option beyond the end
    [InlineData("ff350105330400000e10ff", null)] // behind the end
    [InlineData("", null)]
    public void A_lease_is_what_an_ACK_says_and_nothing_else(string options, uint? seconds) =>
        Assert.Equal(seconds, DhcpAnswer.Lease(Convert.FromHexString(options), cut: false));

    [Fact]
    public void An_ACK_that_ends_too_early_gives_nothing_and_one_that_was_cut_gives_what_stands_before()
    {
        var whole = Convert.FromHexString(Ack);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(DhcpAnswer.Lease(whole.AsSpan(0, length), cut: false));
            Assert.Equal(length >= 15 ? 3600u : null, DhcpAnswer.Lease(whole.AsSpan(0, length), cut: true));
        }
    }

    [Fact]
    public void A_Reply_gives_its_addresses() => Assert.Equal(
        [(Address.Parse("fd00:8::77"), 7200u), (Address.Parse("fd00:8::78"), uint.MaxValue)], DhcpAnswer.Leases6(Convert.FromHexString(Reply), cut: false));

    [Theory]
    [InlineData(Reply + "000d00020000", 2)] // success
    [InlineData(Reply + "000d00020002", 0)] // a failure of the whole
    [InlineData(Reply + "000d0001", 0)]
    [InlineData("0003000c000000010000000000000000", 0)] // no address
    [InlineData("0003000b0000000100000000000000", 0)] // its head is not all there
    [InlineData("0003002c" + "000000010000000000000000" + "00050018" + "fd000008000000000000000000000077" + "00000000" + "00000000" + "00000000", 0)] // an option of nothing, type 0
    [InlineData("00030028" + "000000010000000000000000" + "00050018" + "fd000008000000000000000000000077" + "00000e10" + "00000000", 0)] // a lifetime of 0
    [InlineData("0003002e" + "000000010000000000000000" + "000d00020002" + "00050018" + "fd000008000000000000000000000077" + "00000e10" + "00000e10", 0)] // none for this association
    [InlineData("00030027" + "000000010000000000000000" + "00050017" + "fd000008000000000000000000000077" + "00000e10" + "000e10", 0)] // short
    [InlineData("00030028" + "000000010000000000000000" + "00050019" + "fd000008000000000000000000000077" + "00000e10" + "00000e10", 0)] // beyond its association
    [InlineData("0003ffff" + "000000010000000000000000", 0)]
    [InlineData("00040028" + "000000010000000000000000" + "00050018" + "fd000008000000000000000000000077" + "00000e10" + "00000e10", 0)] // another kind of association
    public void What_is_not_well_formed_gives_none(string options, int addresses) =>
        Assert.Equal(addresses, DhcpAnswer.Leases6(Convert.FromHexString(options), cut: false).Count);

    [Fact]
    public void A_Reply_that_ends_too_early_gives_nothing_and_one_that_was_cut_gives_no_half_association()
    {
        var whole = Convert.FromHexString(Reply);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Empty(DhcpAnswer.Leases6(whole.AsSpan(0, length), cut: false));
            Assert.Empty(DhcpAnswer.Leases6(whole.AsSpan(0, length), cut: true));
        }
        Assert.Equal(2, DhcpAnswer.Leases6([.. whole, 0, 1, 0], cut: true).Count);
    }

    [Fact]
    public void No_answer_gives_more_than_a_few()
    {
        var one = Convert.FromHexString("00030028" + "000000010000000000000000" + "00050018" + "fd000008000000000000000000000077" + "00000e10" + "00000e10");
        Assert.Equal(DhcpAnswer.MostAddresses, DhcpAnswer.Leases6([.. Enumerable.Repeat(one, 20).SelectMany(b => b)], cut: false).Count);
    }

    [Fact]
    public void No_bytes_make_it_fail()
    {
        var dice = new Random(4);
        byte[][] begin = [Convert.FromHexString(Ack), Convert.FromHexString(Reply), []];
        for (var i = 0; i < 200_000; i++)
        {
            byte[] bytes = [.. begin[i % 3], .. new byte[dice.Next(40)]];
            for (var edits = dice.Next(1, 6); edits > 0 && bytes.Length > 0; edits--) bytes[dice.Next(bytes.Length)] = (byte)dice.Next(256);
            DhcpAnswer.Lease(bytes, i % 2 == 0);
            Assert.InRange(DhcpAnswer.Leases6(bytes, i % 2 == 0).Count, 0, DhcpAnswer.MostAddresses);
        }
    }
}
