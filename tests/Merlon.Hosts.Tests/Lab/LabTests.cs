using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

[Collection(LabCollection.Name)]
public sealed class LabTests(LabHost lab)
{
    [Fact]
    public void Unguarded_every_VM_reaches_every_other_over_both_families()
    {
        var cells = lab.Up().Matrix();
        Assert.Equal(5 * 4 * 6 * 2 + 5 * 2, cells.Count); // and each pings the host
        Assert.Empty(cells.Where(c => !c.Value).Select(c => c.Key));
    }

    [Fact]
    public void The_receiver_counts_by_number_what_the_sender_sent()
    {
        lab.Up().Probe("db-1", "count reset");
        var sent = lab.Probe("web-1", "udp 10.8.0.7 7000 200 rate=400 first=1000 timeout=15000");
        Assert.Equal(200, sent.GetProperty("echoes").GetInt32());
        Assert.Equal("1000-1199", lab.Probe("db-1", "seen 7000").GetProperty("numbers").GetString());
    }

    [Fact]
    public void A_stream_is_checked_byte_for_byte()
    {
        var stream = lab.Up().Probe("web-2", "stream fd00:8::7 7000 2 rate=200 stall=15000");
        Assert.True(stream.GetProperty("ok").GetBoolean());
        Assert.Equal(stream.GetProperty("sent").GetInt64(), stream.GetProperty("received").GetInt64());
    }

    [Fact]
    public void A_port_that_nobody_serves_is_told_from_silence()
    {
        Assert.Equal("refused", lab.Up().Probe("web-1", "tcp 10.8.0.6 9998 timeout=15000").GetProperty("error").GetString());
        Assert.Equal("timeout", lab.Probe("web-1", "udp 10.8.0.250 7000 1 timeout=500").GetProperty("error").GetString());
    }

    [Fact]
    public void A_killed_lab_is_cleaned_by_the_next_up_and_down_leaves_nothing()
    {
        var name = "lk" + Environment.ProcessId % 100000;
        var folder = $"/run/merlon-{name}";
        ShellResult Cli(params string[] args) => Shell.Run(TimeSpan.FromMinutes(3), Repository.Bin("merlon"), ["--instance", name, "lab", .. args]);
        try
        {
            Cli("up", "--only", "web-1").Ok();
            Shell.Run("kill", "-9", File.ReadAllText($"{folder}/libvirt/libvirtd.pid").Trim()).Ok();
            Cli("up", "--only", "web-2").Ok();
            var running = Cli("virsh", "--", "-q", "list", "--name").Ok().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Assert.Equal(["web-2"], running);
        }
        finally
        {
            Cli("down").Ok();
        }
        Assert.False(File.Exists($"/run/netns/merlon-{name}"));
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(folder, Shell.Run("ps", "-eo", "args").Ok(), StringComparison.Ordinal);
        Assert.DoesNotContain(folder, File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
    }
}
