using System.Text.Json;
using Merlon.Contracts.Api;
using Microsoft.Data.Sqlite;

namespace Merlon.Controller.Flows;

/// <summary>One prepared INSERT, run for every record of a batch.</summary>
internal sealed class FlowInsert : IDisposable
{
    private readonly SqliteCommand command;

    public FlowInsert(SqliteConnection connection)
    {
        command = connection.CreateCommand();
        command.CommandText = FlowSchema.Insert;
    }

    public void Run(FlowRecord flow)
    {
        command.Parameters.Clear();
        Set("$end", flow.End.ToUnixTimeMilliseconds());
        Set("$verdict", flow.Verdict);
        Set("$reason", flow.Reason);
        Set("$service", flow.Service);
        Set("$rule", flow.Rule);
        Set("$out", flow.OutRule);
        Set("$in", flow.InRule);
        SetEnd("$s", flow.Source);
        SetEnd("$d", flow.Destination);
        Set("$record", JsonSerializer.Serialize(flow, ApiJson.Default.FlowRecord));
        command.ExecuteNonQuery();
    }

    public void Dispose() => command.Dispose();

    private void SetEnd(string prefix, FlowEndRecord end)
    {
        Set(prefix + "vm", end.Vm);
        Set(prefix + "uuid", end.VmUuid);
        Set(prefix + "tenant", end.Tenant);
    }

    private void Set(string name, object? value) => command.Parameters.AddWithValue(name, value ?? DBNull.Value);
}
