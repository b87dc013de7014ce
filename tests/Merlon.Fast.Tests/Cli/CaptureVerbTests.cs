using Merlon.Agent.Capture;
using Merlon.Cli.Clients;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

/// <summary>The agent's pcapng as the command line reads it.</summary>
public sealed class CaptureVerbTests
{
    private static byte[] Written(int frames, ulong lost)
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream, 96);
        writer.Start("test");
        for (var n = 0; n < frames; n++) writer.Frame(new CaptureRecord { Vnic = 7, Length = 60, Captured = 60, Verdict = Verdict.Deny, Reason = Reason.SpoofedMac }, _ => "web/0", "from_vm deny spoofed-mac", 1);
        if (lost > 0) writer.Lost(lost, 2, _ => "web/0", 7);
        return stream.ToArray();
    }

    [Fact]
    public async Task Frames_and_losses_are_counted_and_nothing_is_changed()
    {
        var (written, copied) = (Written(3, 17), new MemoryStream());
        var blocks = new PcapngBlocks();
        await blocks.Copy(new MemoryStream(written), copied, TestContext.Current.CancellationToken);
        Assert.Equal((3L, 17L), (blocks.Packets, blocks.Lost));
        Assert.Equal(written, copied.ToArray());
    }

    [Fact]
    public async Task A_capture_that_breaks_off_is_said_and_leaves_whole_blocks()
    {
        var (whole, cut, copied) = (Written(2, 0), Written(3, 0)[..^5], new MemoryStream());
        await Assert.ThrowsAsync<Merlon.Cli.CliException>(() => new PcapngBlocks().Copy(new MemoryStream(cut), copied, TestContext.Current.CancellationToken));
        Assert.Equal(whole, copied.ToArray());
    }

    [Fact]
    public async Task What_is_no_capture_is_refused() =>
        await Assert.ThrowsAsync<Merlon.Cli.CliException>(() => new PcapngBlocks().Copy(new MemoryStream("<html> is no block of any"u8.ToArray()), new MemoryStream(), TestContext.Current.CancellationToken));

    [Fact]
    public void A_tag_that_the_driver_took_out_is_back_in_the_frame()
    {
        var stream = new MemoryStream();
        var frame = new CaptureRecord { Vnic = 7, Length = 14, Captured = 14, VlanType = 0x8100, Vlan = 10 };
        for (var n = 0; n < 14; n++) frame.Frame[n] = (byte)n;
        new PcapngWriter(stream, 512).Frame(frame, _ => "web/0", "", 1);
        Assert.True(stream.ToArray().AsSpan().IndexOf((byte[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x81, 0, 0, 10, 12, 13]) > 0);
    }
}
