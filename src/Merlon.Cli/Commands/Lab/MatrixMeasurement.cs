using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Measures, from inside all VMs at once, which of them reach which others.</summary>
internal sealed class MatrixMeasurement(Lab lab, IReadOnlyList<LabVm> vms, IReadOnlyList<LabVm> targets, IReadOnlyList<string> services)
{
    // An emulated guest is slow: more at a time would turn its own slowness into "not delivered".
    private const int AtATime = 10;
    private const int TimeoutMs = 4000;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    private static readonly int[] Families = [4, 6];

    public async Task<ConnectivityMatrix> Run(CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var cells = await Task.WhenAll(vms.Select(vm => From(vm, cancel)));
        return new(Math.Round(clock.Elapsed.TotalSeconds, 1), [.. cells.SelectMany(c => c)]);
    }

    private async Task<MatrixCell[]> From(LabVm vm, CancellationToken cancel)
    {
        await using var line = await ProbeLine.Open(lab, vm.Name, cancel);
        using var room = new SemaphoreSlim(AtATime);
        return await Task.WhenAll(
            from to in targets
            where to != vm
            from service in services
            where to != LabPlan.Host || service == "ping"
            from family in Families
            select Measure(line, room, vm, to, service, family, cancel));
    }

    private static async Task<MatrixCell> Measure(
        ProbeLine line, SemaphoreSlim room, LabVm from, LabVm to, string service, int family, CancellationToken cancel)
    {
        await room.WaitAsync(cancel);
        try
        {
            var command = Command(service, to.Address(family));
            var answer = await Ask(line, from, command, cancel);
            if (IsTimeout(answer) && !service.StartsWith("tcp/", StringComparison.Ordinal)) answer = await Ask(line, from, command, cancel);
            return new(from.Name, to.Name, service, family, answer["ok"]!.GetValue<bool>(),
                answer["error"]?.GetValue<string>() ?? "", answer["ms"]?.GetValue<long>() ?? 0);
        }
        finally
        {
            room.Release();
        }
    }

    // TCP sends again by itself; a lone datagram that a busy machine loses would pass for one that is not let through.
    private static bool IsTimeout(JsonObject answer) => answer["error"]?.GetValue<string>() == "timeout";

    // Never takes silence for an answer: a probe answers every command within its own timeout.
    private static async Task<JsonObject> Ask(ProbeLine line, LabVm from, string command, CancellationToken cancel)
    {
        try
        {
            return await line.Send(command, cancel).WaitAsync(Silence, cancel);
        }
        catch (TimeoutException)
        {
            throw new CliException($"the probe in {from.Name} did not answer '{command}' in {Silence.TotalSeconds:f0} s", "merlon lab down; merlon lab up");
        }
    }

    private static string Command(string service, string address) => service.Split('/') switch
    {
        ["ping"] => $"ping {address} 1 timeout={TimeoutMs}",
        ["tcp", var port] => $"tcp {address} {port} 16 timeout={TimeoutMs}",
        ["udp", var port] => $"udp {address} {port} 1 timeout={TimeoutMs}",
        _ => throw new CliException($"'{service}' is no service of the matrix", "use ping, tcp/PORT or udp/PORT"),
    };
}
