using AwesomeAssertions;
using Merlon.Agent.Guests;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed class HandAttachmentsTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-hand").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static AttachRequest Request(string ifname, string vm = "web-1", string? mac = "52:54:00:00:00:05", string? tenant = null) =>
        new(ifname, vm, tenant, new Dictionary<string, string> { ["tier"] = "web" }, mac, ["10.8.0.5"], null);

    [Fact]
    public void The_same_name_is_the_same_VM_whatever_the_interface()
    {
        var hand = new HandAttachments(_folder, "a");
        var first = hand.Add(Request("veth0"), "br0", []);
        hand.Remove("veth0");
        var second = hand.Add(Request("veth1"), "br0", []);
        second.VmUuid.Should().Be(first.VmUuid);
        Guid.TryParseExact(first.VmUuid, "D", out _).Should().BeTrue();
        new HandAttachments(_folder, "b").Uuid("web-1").Should().NotBe(first.VmUuid);
    }

    [Fact]
    public void Attachments_outlive_the_agent()
    {
        var first = new HandAttachments(_folder, "a");
        first.Add(Request("veth0"), "br0", []);
        first.Save();
        var again = new HandAttachments(_folder, "a");
        again.Load();
        again.All.Should().ContainSingle().Which.Network.Should().Be("br0");
    }

    [Fact]
    public void A_second_interface_of_a_VM_gets_the_next_index()
    {
        var hand = new HandAttachments(_folder, "a");
        hand.Add(Request("veth0"), null, []);
        hand.Add(Request("veth1"), null, []).Index.Should().Be(1);
        hand.Add(Request("veth0"), null, []).Index.Should().Be(0);
    }

    [Theory]
    [InlineData("veth0", "other", "52:54:00:00:00:05", null, "already-attached")]
    [InlineData("veth1", "web-1", "52:54:00:00:00:05", "rival", "vm-differs")]
    [InlineData("veth1", "web-1", null, null, "bad-request")]
    [InlineData("", "web-1", "52:54:00:00:00:05", null, "bad-request")]
    [InlineData("veth1", "plain-1", "52:54:00:00:00:05", null, "name-taken")]
    public void What_contradicts_is_refused(string ifname, string vm, string? mac, string? tenant, string code)
    {
        var hand = new HandAttachments(_folder, "a");
        hand.Add(Request("veth0"), null, []);
        var domains = new[] { new Guest("u", "plain-1", null, new Dictionary<string, string>(), true, false, []) };
        hand.Invoking(h => h.Add(Request(ifname, vm, mac, tenant), null, domains)).Should().Throw<RequestRefused>().Where(e => e.Code == code);
        hand.All.Should().HaveCount(1);
    }
}
