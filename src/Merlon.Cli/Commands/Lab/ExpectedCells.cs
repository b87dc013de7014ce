using Merlon.Cli.Offline;
using Merlon.Policy.Cases;

namespace Merlon.Cli.Commands.Lab;

/// <summary>Cases, as merlon test takes them, held against measured cells. An end is a VM of the lab, by name or by address.</summary>
internal sealed class ExpectedCells(IReadOnlyList<CaseRow> rows)
{
    public static ExpectedCells None { get; } = new([]);

    /// <summary>A case that no cell can answer would be no case at all.</summary>
    public void MustBeIn(ConnectivityMatrix matrix)
    {
        if (rows.FirstOrDefault(row => !matrix.Cells.Any(cell => IsAbout(row, cell))) is { } row)
            throw new CliException($"nothing is measured for the case {row.From} {row.To} {row.Service}", "name VMs of the lab and services of the matrix");
    }

    /// <summary>Null = as expected, or nothing is expected.</summary>
    public string? Problem(MatrixCell cell, CellRuling ruling)
    {
        foreach (var row in rows.Where(r => IsAbout(r, cell)))
        {
            if (Contracts.Api.ExplainRecords.Word(row.Expect) != ruling.Verdict) return $"expected {Contracts.Api.ExplainRecords.Word(row.Expect)}";
            if (row.Rule is { } rule && ruling.Rule != rule && ruling.Rule?.Split('@')[0] != rule) return $"expected rule {rule}";
            if (row.Reason is { } reason && ruling.Reason != reason) return $"expected reason {reason}";
        }
        return null;
    }

    private static bool IsAbout(CaseRow row, MatrixCell cell) =>
        IsEnd(row.From, cell.From, cell.Family) && IsEnd(row.To, cell.To, cell.Family)
        && (row.Service == "any" || row.Service == cell.Service || row.Service == $"service/{cell.Service}");

    private static bool IsEnd(string text, string name, int family) => text == name || text == $"vm/{name}" || text == LabPlan.Party(name).Address(family);
}
