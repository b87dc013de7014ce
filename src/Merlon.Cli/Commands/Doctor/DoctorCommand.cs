using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>merlon doctor: what is missing or wrong on this machine, and the mend.</summary>
internal static class DoctorCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create() =>
        new Verb("doctor", "Name what is missing or wrong on this machine, and the mend", "merlon doctor", "merlon doctor -o json").Runs(async (call, cancel) =>
        {
            var report = new DoctorReport(call.Surroundings.Machine, call.Paths, AgentProgram.BpfObject(call), c => Agent(call, c), c => ControllerClock(call, c));
            var checks = await report.Run(cancel);
            call.Print(checks, ApiJson.Default.IReadOnlyListDoctorCheck, c => Show(call, c));
            var broken = checks.Count(c => c.Result == "broken");
            call.Say(broken == 0 ? "nothing is broken" : $"{broken} broken");
            return broken == 0 ? ExitCode.Ok : ExitCode.Error;
        });

    private static async Task<IReadOnlyList<DoctorCheck>> Agent(Call call, CancellationToken cancel)
    {
        using var agent = Clients.Agent.Connect(call, Patience);
        return await agent.Get("/v1/doctor", ApiJson.Default.IReadOnlyListDoctorCheck, cancel);
    }

    private static async Task<DateTimeOffset?> ControllerClock(Call call, CancellationToken cancel)
    {
        using var api = Controller.Connect(call, Patience);
        using var response = await api.Open("/v1/status", cancel); // asks for the token, /health would not
        return response.Headers.Date;
    }

    private static void Show(Call call, IReadOnlyList<DoctorCheck> checks)
    {
        var t = new Listing("CHECK", "RESULT", "FOUND", "MEND");
        foreach (var c in checks) t.Add(c.Name, c.Result, c.Found, c.Mend);
        t.WriteTo(call);
    }
}
