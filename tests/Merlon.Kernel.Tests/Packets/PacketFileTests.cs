using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>What is wrong in a packet file is told by its place.</summary>
public sealed class PacketFileTests
{
    private const string Good = "web > db udp 40000>80 => allow rule";

    [Theory]
    [InlineData(Good, null)]
    [InlineData("wait 31s swept", null)]
    [InlineData("web > db udp 40000>80", "bad-packet: '=> VERDICT REASON' is missing, or stands twice")]
    [InlineData("web > db udp 40000>80 => permit rule", "bad-packet: 'permit' is not allow, deny or would-deny")]
    [InlineData("web > db udp 40000>80 => deny because", "bad-packet: 'because' is no reason (docs/packet-path.md lists them)")]
    [InlineData("web > db udp 40000>80 => allow rule to_vm", "bad-packet: 'to_vm': a hook is from_vm or to_vm, and only a deny has one")]
    [InlineData("web db udp 40000>80 => allow rule", "bad-packet: 'web db udp 40000>80' is not FROM > TO KIND FIELDS")]
    [InlineData("web > nobody udp 1>2 => allow rule", "bad-packet: 'nobody' is neither a name nor an address*")]
    [InlineData("web > db carrier 1 => allow rule", "bad-packet: 'carrier' is no kind of packet")]
    [InlineData("web > db udp 40000 => allow rule", "bad-packet: '40000' is not A>B")]
    [InlineData("web > db udp 40000>65536 => allow rule", "bad-packet: '65536' is more than 65535")]
    [InlineData("web > db tcp 1>2 X => allow rule", "bad-packet: 'X' is no TCP flag (F S R P A U, or - for none)")]
    [InlineData("web > db tcp 1>2 S seq=ten => allow rule", "bad-packet: 'ten' is no number")]
    [InlineData("web > db udp 1>2 colour=red => allow rule", "bad-packet: 'colour' is no field")]
    [InlineData("web > db udp 1>2 cut=1000 => allow rule", "bad-packet: cut=1000: there are only 42 bytes")]
    [InlineData("web > db udp 1>2 into=out => allow rule", "bad-packet: 'out' is no VM, so it has no tap")]
    [InlineData("web6 > db6 udp 1>2 ext=dest:9 => allow rule", "bad-packet: 'dest:9' is no extension header of whole 8 bytes")]
    [InlineData("wait long", "bad-packet: 'lon' is no number")]
    public void A_step_that_cannot_be_read_is_told(string step, string? finding)
    {
        var told = Findings($"subject: windows\nrows:\n- name: one\n  packets:\n  - {step}\n  state: none\n");
        if (finding is null) Assert.Empty(told);
        else if (finding[^1] == '*') Assert.StartsWith($"x.yaml:5:5: error {finding[..^1]}", Assert.Single(told), StringComparison.Ordinal);
        else Assert.Equal([$"x.yaml:5:5: error {finding}"], told);
    }

    [Theory]
    [InlineData("half new 30s 1/0", null)]
    [InlineData("half open 30s 1/0", "'open' is no state")]
    [InlineData("half new 30s", "'half new 30s' is not half|conn STATE TIME OUT/BACK [FLAGS]")]
    [InlineData("half new 30s 1/0 sticky", "'sticky' is no flag")]
    public void A_state_that_cannot_be_read_is_told(string state, string? finding)
    {
        var told = Findings($"subject: windows\nrows:\n- name: one\n  packets: [\"{Good}\"]\n  state: {state}\n");
        Assert.Equal(finding is null ? [] : [$"x.yaml:5:10: error bad-packet: {finding}"], told);
    }

    [Theory]
    [InlineData("subject: s\nrows:\n- {name: one, state: none}\n", "x.yaml:3:3: error missing-field: a row needs the field 'packets'")]
    [InlineData("subject: s\nrows:\n- {name: one, begin: there, packets: [wait 1s], state: none}\n", "x.yaml:3:22: error unknown-begin: 'begins' has no 'there'")]
    [InlineData("subject: s\nrows:\n- {name: one, packets: [wait 1s], state: none, sate: none}\n", "x.yaml:3:48: error unknown-field: a row has no field 'sate'*")]
    [InlineData("subject: s\nbegins:\n  b: [\"web > db udp 1>2 => allow rule\"]\nrows: []\n", "x.yaml:3:7: error bad-packet: a beginning states no verdict: it must be allowed")]
    public void A_row_that_cannot_be_read_is_told(string text, string finding)
    {
        var told = Findings(text);
        if (finding[^1] == '*') Assert.StartsWith(finding[..^1], told[0], StringComparison.Ordinal);
        else Assert.Contains(finding, told);
    }

    private static string[] Findings(string text)
    {
        var findings = new Findings();
        PacketFile.Read("x.yaml", text, findings);
        return [.. findings.InOrder().Select(f => f.ToString())];
    }
}
