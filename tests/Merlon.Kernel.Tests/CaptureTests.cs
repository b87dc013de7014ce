using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>What a captured port copies, and that it changes nothing.</summary>
public sealed class CaptureTests : IDisposable
{
    private readonly Shop _shop = new();
    private readonly CaptureReader _reader;

    public CaptureTests()
    {
        _reader = _shop.Kernel.OpenCapture();
        Capture("web");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _shop.Dispose();
    }

    private void Capture(string vm) => _shop.ChangePort(vm, p => p with { Flags = p.Flags | PortFlags.Captured });

    private List<CaptureRecord> Seen() => World.All(_reader);

    private static byte[] Kept(CaptureRecord record)
    {
        ReadOnlySpan<byte> frame = record.Frame;
        return frame[..record.Captured].ToArray();
    }

    [Fact]
    public void Every_frame_of_the_port_comes_with_what_became_of_it()
    {
        var datagram = _shop.WebToDb();
        Assert.True(_shop.Send(datagram).Passed);
        Assert.True(_shop.Send(datagram).Passed);
        Assert.True(_shop.Send(datagram.Back()).Passed);
        Assert.False(_shop.Send(datagram with { DestinationPort = 9 }).Passed);
        Assert.False(_shop.Hook("from_vm", _shop.Web, (datagram with { SourceMac = new(0x525400000077) }).Bytes()).Passed);
        Assert.False(_shop.Hook("from_vm", _shop.Web, [.. new byte[12], 0x81, 0, 0, 5, 8, 0, 1, 2]).Passed);
        Assert.True(_shop.Hook("from_vm", _shop.Web, Neighbour.Arp(_shop.Web.Mac, _shop.Web.V4, _shop.Db.V4)).Passed);
        Assert.Equal(
        [
            (0, Verdict.Allow, Reason.Rule), (0, Verdict.Allow, Reason.Connection), (1, Verdict.Allow, Reason.Reply), (0, Verdict.Deny, Reason.Default),
            (0, Verdict.Deny, Reason.SpoofedMac), (0, Verdict.Deny, Reason.SpoofedMac), (0, Verdict.Allow, Reason.Builtin),
        ], Seen().Select(r => ((int)r.In, r.Verdict, r.Reason)));
    }

    [Fact]
    public void The_frame_is_there_up_to_the_bound()
    {
        var whole = (_shop.WebToDb() with { Body = [.. Enumerable.Range(0, 300).Select(n => (byte)n)] }).Bytes();
        var longer = (_shop.WebToDb() with { Body = [.. Enumerable.Range(0, 1400).Select(n => (byte)n)] }).Bytes();
        _shop.Flood("from_vm", _shop.Web, whole);
        _shop.Flood("from_vm", _shop.Web, longer);
        var seen = Seen();
        Assert.Equal((whole.Length, whole.Length), ((int)seen[0].Length, seen[0].Captured));
        Assert.Equal(whole, Kept(seen[0]));
        Assert.Equal((longer.Length, AbiLimits.CaptureBytes), ((int)seen[1].Length, seen[1].Captured));
        Assert.Equal(longer[..AbiLimits.CaptureBytes], Kept(seen[1]));
    }

    [Fact]
    public void A_rule_of_a_policy_is_named()
    {
        _shop.Send(_shop.WebToDb());
        Assert.StartsWith("shop/app/web-db", _shop.Rules[Assert.Single(Seen()).Rule], StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_not_captured_copies_nothing()
    {
        _shop.ChangePort("web", p => p with { Flags = PortFlags.None });
        _shop.Send(_shop.WebToDb());
        Assert.Empty(Seen());
    }

    [Fact]
    public void A_flood_costs_frames_of_the_capture_which_are_counted_and_no_verdict()
    {
        const int frames = 5000;
        Assert.False(_shop.Flood("from_vm", _shop.Web, (_shop.WebToDb() with { DestinationPort = 9 }).Bytes(), frames));
        var lost = (int)_shop.Kernel.Counters[Counter.CapturesLost];
        Assert.InRange(lost, frames - 2000, frames - 1000);
        Assert.Equal(frames, Seen().Count + lost);
        Assert.Equal((ulong)frames, _shop.Kernel.Counters.Drops(Reason.Default));
        Assert.True(_shop.Send(_shop.WebToDb()).Passed);
        Assert.Single(Seen());
    }

    [Fact]
    public void A_closed_gate_is_seen_too()
    {
        _shop.ChangePort("web", p => p with { Flags = PortFlags.Captured | PortFlags.Closed });
        _shop.Send(_shop.WebToDb());
        Assert.Equal((Verdict.Deny, Reason.GateClosed), Assert.Single(Seen()) is var r ? (r.Verdict, r.Reason) : default);
    }
}
