using System.Globalization;
using Merlon.Agent.Flows;
using Merlon.Agent.Guests;
using Merlon.Agent.Status;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Merlon.Agent.Capture;

/// <summary>GET /v1/capture?vm=&amp;nic=&amp;snap=&amp;count=&amp;seconds=: what the filter sees at a VM's hooks, as pcapng, until the reader goes away or has
/// enough. One capture at a time: nobody's frames crowd out another's.</summary>
internal sealed class CaptureDoor(HostKeeper keeper, KernelDatapath datapath, CancellationToken stopping)
{
    private const int LeastSnap = 14, Batch = 128;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(25);
    private int _busy;

    public async Task Serve(HttpContext http)
    {
        var (vm, nic, snap, count, seconds) = (http.Request.Query["vm"].ToString(), Number(http, "nic", 0, 255), Number(http, "snap", LeastSnap, AbiLimits.CaptureBytes),
            Number(http, "count", 1, int.MaxValue), Number(http, "seconds", 1, 86_400));
        if (Interlocked.Exchange(ref _busy, 1) != 0) throw new RequestRefused("capture-busy", "another capture is running on this host", "end it first");
        try
        {
            // Its start throws away what is in the ring: nothing may come into it before.
            using var reader = datapath.OpenCapture();
            await keeper.Box.Ask(() => keeper.Capture(vm));
            using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
            if (seconds is { } limit) over.CancelAfter(TimeSpan.FromSeconds(limit));
            // A reader may be slow: frames are lost and counted then.
            if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
            http.Response.ContentType = "application/x-pcapng";
            await Copy(http, new Wanted(nic, snap ?? AbiLimits.CaptureBytes, count ?? long.MaxValue), reader, over.Token);
        }
        finally
        {
            // An agent that stops has no mailbox any more: the next one's ports capture nothing.
            await Task.WhenAny(keeper.Box.Ask(keeper.EndCapture), Task.Delay(Timeout.Infinite, stopping));
            Volatile.Write(ref _busy, 0);
        }
    }

    private sealed record Wanted(int? Nic, int Snap, long Count);

    private async Task Copy(HttpContext http, Wanted wanted, CaptureReader reader, CancellationToken over)
    {
        var blocks = new MemoryStream();
        var writer = new PcapngWriter(blocks, wanted.Snap);
        var frames = new CaptureRecord[Batch];
        var (taken, vnic) = (0L, 0U);
        var (start, told) = (datapath.Counters[Counter.CapturesLost], 0UL);
        writer.Start("merlon-agent " + StatusWriter.Version);
        try
        {
            while (taken < wanted.Count)
            {
                var clock = ClockOffset.Measure();
                var got = reader.Drain(frames);
                for (var i = 0; i < got && taken < wanted.Count; i++)
                {
                    if (wanted.Nic is { } only && keeper.Names.Nic(frames[i].Vnic)?.Index != only) continue;
                    writer.Frame(frames[i], Name, Comment(frames[i]), clock.UnixNs(frames[i].TimeNs));
                    (vnic, taken) = (frames[i].Vnic, taken + 1);
                }
                if (datapath.Counters[Counter.CapturesLost] - start is var lost && lost != told)
                {
                    writer.Lost(lost, clock.UnixNs(frames[0].TimeNs), Name, vnic);
                    told = lost;
                }
                if (blocks.Length > 0) await Flush(http, blocks, over);
                if (got == 0) await Task.Delay(s_pause, over);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has enough, the time is up or the agent stops.
        }
    }

    private static async Task Flush(HttpContext http, MemoryStream blocks, CancellationToken over)
    {
        await http.Response.Body.WriteAsync(blocks.GetBuffer().AsMemory(0, (int)blocks.Length), over);
        await http.Response.Body.FlushAsync(over);
        blocks.SetLength(0);
    }

    private string Name(uint vnic) => keeper.Names.Nic(vnic) is { } nic ? string.Create(CultureInfo.InvariantCulture, $"{nic.Vm}/{nic.Index}") : "vnic-" + vnic.ToString(CultureInfo.InvariantCulture);

    // Hook, verdict, reason, rule: none of it is of the guest's making.
    private string Comment(in CaptureRecord frame) => string.Join(' ', new[]
    {
        frame.In == 0 ? "from_vm" : "to_vm", frame.Verdict.Text(), frame.Reason == Reason.None ? "" : frame.Reason.Text(), keeper.Names.Rule(frame.Rule) ?? "",
    }.Where(word => word.Length > 0));

    private static int? Number(HttpContext http, string name, int least, int most)
    {
        if (http.Request.Query[name].ToString() is not { Length: > 0 } text) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
            : throw new RequestRefused("bad-request", $"{name} is '{text}'", string.Create(CultureInfo.InvariantCulture, $"give a number from {least} to {most}"));
    }
}
