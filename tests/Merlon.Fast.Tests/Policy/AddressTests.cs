using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class AddressTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("2001:DB8:0::1", "2001:db8::1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("64:ff9b::192.0.2.1", "64:ff9b::c000:201")]
    public void An_address_has_one_form(string text, string form) => Assert.Equal(form, Address.Parse(text).ToString());

    [Theory]
    [InlineData("010.0.0.1")]
    [InlineData("0x0a.0.0.1")]
    [InlineData("10.1")]
    [InlineData("167772161")]
    [InlineData("10.0.0.1.")]
    [InlineData("10.0.0.256")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.1:80")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::ffff:010.0.0.1")]
    [InlineData("1::2::3")]
    [InlineData("abcd")]
    [InlineData("")]
    public void What_only_looks_like_an_address_is_refused(string text) => Assert.False(Address.TryParse(text, out _));

    [Theory]
    [InlineData("::ffff:10.0.0.0/104")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/08x")]
    public void What_only_looks_like_a_prefix_is_refused(string text) => Assert.False(Prefix.TryParse(text, out _));
}
