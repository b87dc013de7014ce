using System.CommandLine;
using System.Globalization;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon capture: what the filter sees at a VM's hooks, as pcapng with verdicts and reasons.</summary>
internal static class CaptureCommand
{
    private const string StandardOutput = "-";

    // A guest's traffic is nobody's but root's to read.
    private static readonly FileStreamOptions s_private = new() { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };

    public static Command Create()
    {
        var vm = new Argument<string>("VM") { Description = "Name or UUID of a guarded VM of this host" };
        var write = new Option<string>("--write", "-w") { Description = "Where to: a file, or - for standard output", HelpName = "FILE", Required = true };
        var nic = new Option<int?>("--nic") { Description = "Only this interface of it", HelpName = "N" };
        var count = new Option<int?>("--count", "-c") { Description = "End after so many frames", HelpName = "N" };
        var seconds = new Option<int?>("--seconds") { Description = "End after so long", HelpName = "N" };
        var snap = new Option<int?>("--snap") { Description = "Bytes of each frame, at most 512 (default: 512)", HelpName = "BYTES" };
        var verb = new Verb("capture", "Write what the filter sees at a VM's hooks, with each verdict and reason (pcapng)",
            "merlon capture web-1 -w web-1.pcapng --seconds 10", "merlon capture web-1 --nic 0 --snap 128 -w - > web-1.pcapng")
        {
            vm, write, nic, count, seconds, snap,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var (name, file) = (call.Get(vm), call.Get(write)!);
            if (file == StandardOutput && call.Surroundings.Terminal) throw new CliException("a capture is no text for a terminal", "give --write FILE, or pipe it to tshark -r -");
            using var agent = Agent.Connect(call, Timeout.InfiniteTimeSpan);
            using var response = await agent.Open("/v1/capture?vm=" + Uri.EscapeDataString(name) + Numbers(("nic", call.Get(nic)), ("count", call.Get(count)), ("seconds", call.Get(seconds)), ("snap", call.Get(snap))), cancel);
            await using var from = await response.Content.ReadAsStreamAsync(cancel);
            await using var to = file == StandardOutput ? Console.OpenStandardOutput() : new FileStream(file, s_private);
            if (file != StandardOutput) call.Say($"capturing {name} to {file}; Ctrl-C ends it");
            var blocks = new PcapngBlocks();
            await blocks.Copy(from, to, cancel);
            var result = new CaptureResult(name, file, blocks.Packets, blocks.Lost);
            if (file == StandardOutput) call.Say(Said(result));
            else call.Print(result, ApiJson.Default.CaptureResult, r => call.Out.WriteLine(Printable.Line(Said(r))));
            return ExitCode.Ok;
        });
    }

    private static string Said(CaptureResult r) => string.Create(CultureInfo.InvariantCulture, $"{r.Packets} frames of {r.Vm}, {r.Lost} lost");

    private static string Numbers(params (string Name, int? Value)[] numbers) =>
        string.Concat(numbers.Where(n => n.Value is not null).Select(n => string.Create(CultureInfo.InvariantCulture, $"&{n.Name}={n.Value}")));
}
