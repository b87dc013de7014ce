using System.Globalization;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Holds a measurement against the one before Merlon, against the policy, against the flow log and against what is expected.</summary>
internal sealed class MatrixComparison(JsonHttp api, ConnectivityMatrix before, ExpectedCells expected)
{
    private readonly Dictionary<(string, string, string, int), MatrixCell> was =
        before.Cells.ToDictionary(c => (c.From, c.To, c.Service, c.Family));

    /// <summary>How long a deny event may be on its way.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <param name="since">When the measurement began.</param>
    public async Task<ComparedMatrix> Compare(ConnectivityMatrix after, DateTimeOffset since, CancellationToken cancel)
    {
        var rulings = new List<(MatrixCell Cell, CellRuling Ruling)>();
        foreach (var cell in after.Cells) rulings.Add((cell, await Ask(cell, cancel)));
        var told = await Denies([.. rulings.Where(r => !r.Cell.Delivered).Select(r => Key(r.Cell, r.Ruling.Rule))], since, cancel);
        var cells = rulings.Select(r => Compared(r.Cell, r.Ruling, told)).ToList();
        var failed = cells.Count(c => c.Problem is not null);
        return new(after.Seconds, cells.Count - failed, failed, cells);
    }

    private async Task<CellRuling> Ask(MatrixCell cell, CancellationToken cancel)
    {
        var question = new ExplainRequest(Address(cell.From, cell.Family), Address(cell.To, cell.Family), Service(cell));
        return CellRuling.Of(await api.Post("/v1/explain", question, ApiJson.Default.ExplainRequest, ApiJson.Default.ExplainResult, cancel));
    }

    // Events come in batches: wait for those that must be there, not for a time.
    private async Task<HashSet<string>> Denies(IReadOnlyList<string> wanted, DateTimeOffset since, CancellationToken cancel)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var path = Query.Path("/v1/flows", ("limit", "10000"), ("since", since.ToString("O", CultureInfo.InvariantCulture)));
        while (true)
        {
            var flows = await api.Get(path, ApiJson.Default.IReadOnlyListFlowRecord, cancel);
            var told = flows.Where(f => f.Event == "deny").Select(f => $"{f.Source.Address} {f.Destination.Address} {f.Service} {f.Rule}").ToHashSet();
            if (wanted.All(told.Contains) || clock.Elapsed > Patience) return told;
            await Task.Delay(200, cancel);
        }
    }

    private ComparedCell Compared(MatrixCell cell, CellRuling ruling, HashSet<string> told)
    {
        var then = was.GetValueOrDefault((cell.From, cell.To, cell.Service, cell.Family));
        var problem = then is null ? "not measured without Merlon: this says nothing"
            : !then.Delivered ? $"not delivered without Merlon either ({then.Error} after {then.Ms} ms): this says nothing"
            : cell.Delivered != ruling.Passes ? $"the policy says {ruling.Verdict}"
            : !cell.Delivered && !told.Contains(Key(cell, ruling.Rule)) ? "no deny event names the rule"
            : expected.Problem(cell, ruling);
        return new(cell.From, cell.To, cell.Service, cell.Family, then?.Delivered, cell.Delivered, ruling.Verdict, ruling.Rule, ruling.Where, ruling.Reason, problem);
    }

    private static string Key(MatrixCell cell, string? rule) => $"{Address(cell.From, cell.Family)} {Address(cell.To, cell.Family)} {Service(cell)} {rule}";

    private static string Address(string name, int family) => LabPlan.Party(name).Address(family);

    private static string Service(MatrixCell cell) => cell.Service != "ping" ? cell.Service : cell.Family == 4 ? "icmp/8/0" : "icmp6/128/0";
}
