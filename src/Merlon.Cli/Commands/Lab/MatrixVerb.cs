using System.CommandLine;
using System.Text.Json;
using Merlon.Cli.Clients;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;

namespace Merlon.Cli.Commands.Lab;

/// <summary>merlon lab matrix: who reaches whom, measured from inside the VMs, alone or beside an earlier measurement.</summary>
internal static class MatrixVerb
{
    public static Verb Create()
    {
        var only = new Option<string[]>("--only") { Description = "Only between these VMs", HelpName = "VM,..", DefaultValueFactory = _ => [] };
        var service = new Option<string[]>("--service")
        {
            Description = "Only these: ping, tcp/PORT, udp/PORT",
            HelpName = "SERVICE,..",
            DefaultValueFactory = _ => [],
        };
        var save = new Option<string?>("--save") { Description = "Keep the measurement in this file too", HelpName = "FILE" };
        var before = new Option<string?>("--before")
        {
            Description = "Show it beside this one, with the rule that decides each cell; exit 6 if a cell is not as policy and flow log say",
            HelpName = "FILE",
        };
        var expect = new Option<string?>("--expect") { Description = "With --before: cases that must hold too, as 'merlon test' takes them", HelpName = "CASES" };
        return new Verb("matrix", "Measure from inside the VMs which of them reach which", "merlon lab matrix --save before.json",
            "merlon lab matrix --before before.json --expect lab/cases.yaml", "merlon lab matrix --only web-1,db-1 --service tcp/22 -o json")
        {
            only, service, save, before, expect,
        }.Runs(async (call, cancel) =>
        {
            var lab = Lab.Of(call);
            lab.MustExist();
            var earlier = call.Get(before) is { } file ? Read(file) : null;
            if (earlier is null && call.Get(expect) is not null) throw new CliException("--expect needs --before");
            var services = LabCommand.Words(call, service);
            var named = LabCommand.Words(call, only);
            var running = await lab.RunningVms(cancel);
            var vms = LabPlan.Named(named).Where(v => named.Count > 0 || running.ContainsKey(v.Name)).ToList();
            var started = DateTimeOffset.UtcNow;
            var matrix = await new MatrixMeasurement(lab, vms, named.Count > 0 ? vms : [.. vms, LabPlan.Host], services.Count > 0 ? services : LabPlan.Services).Run(cancel);
            if (call.Get(save) is { } to) await File.WriteAllTextAsync(to, JsonSerializer.Serialize(matrix, LabJson.Default.ConnectivityMatrix), cancel);
            if (earlier is not null) return await Compare(call, lab, earlier, matrix, Expected(call, call.Get(expect)), started, cancel);
            call.Print(matrix, LabJson.Default.ConnectivityMatrix, m => MatrixView.Show(call, m));
            return ExitCode.Ok;
        });
    }

    private static async Task<int> Compare(
        Call call, Lab lab, ConnectivityMatrix before, ConnectivityMatrix after, ExpectedCells expected, DateTimeOffset started, CancellationToken cancel)
    {
        expected.MustBeIn(after);
        using var api = Controller.Connect(call, instance: lab.Paths);
        var compared = await new MatrixComparison(api, before, expected).Compare(after, started, cancel);
        call.Print(compared, LabJson.Default.ComparedMatrix, m => MatrixView.Show(call, m));
        return compared.Failed > 0 ? ExitCode.TestFailed : ExitCode.Ok;
    }

    private static ExpectedCells Expected(Call call, string? file) => file is null ? ExpectedCells.None : new(Cases.FromFile(call, file));

    private static ConnectivityMatrix Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(Manifests.Text(file), LabJson.Default.ConnectivityMatrix) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CliException($"{file} holds no matrix", "make one with 'merlon lab matrix --save FILE'");
        }
    }
}
