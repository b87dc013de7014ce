using System.Text;
using System.Text.Json;
using Merlon.Contracts.Api;
using Microsoft.Data.Sqlite;

namespace Merlon.Controller.Flows;

/// <summary>A filter as SQL: values go in as parameters only.</summary>
internal static class FlowQuery
{
    /// <param name="range">Condition on the number, made by us.</param>
    /// <param name="order">ASC or DESC by number.</param>
    public static List<StoredFlow> Run(SqliteConnection connection, FlowFilter filter, string range, string order, int limit)
    {
        using var command = connection.CreateCommand();
        var where = new StringBuilder("SELECT number, record FROM flows WHERE ").Append(range);
        void And(string condition, string name, object? value)
        {
            if (value is null) return;
            where.Append(" AND ").Append(condition);
            command.Parameters.AddWithValue(name, value);
        }

        And("$vm IN (source_vm, source_uuid, destination_vm, destination_uuid)", "$vm", filter.Vm);
        And("$tenant IN (source_tenant, destination_tenant)", "$tenant", filter.Tenant);
        And("verdict = $verdict", "$verdict", filter.Verdict);
        And("reason = $reason", "$reason", filter.Reason);
        And("service = $service", "$service", filter.Service);
        And("end_ms >= $since", "$since", filter.Since?.ToUnixTimeMilliseconds());
        AndRule(And, filter.Rule);
        command.CommandText = where.Append(" ORDER BY number ").Append(order).Append(" LIMIT $limit").ToString();
        command.Parameters.AddWithValue("$limit", limit);
        using var reader = command.ExecuteReader();
        var found = new List<StoredFlow>();
        while (reader.Read())
            found.Add(new(reader.GetInt64(0), JsonSerializer.Deserialize(reader.GetString(1), ApiJson.Default.FlowRecord)!));
        return found;
    }

    // Without @revision every revision of the rule is meant. substr, not LIKE: a rule's name may hold LIKE's own signs.
    private static void AndRule(Action<string, string, object?> and, string? rule)
    {
        if (rule is null) return;
        if (rule.Contains('@', StringComparison.Ordinal)) and("$rule IN (rule, out_rule, in_rule)", "$rule", rule);
        else and("$rule IN (rule, out_rule, in_rule, " + Bare("rule") + ", " + Bare("out_rule") + ", " + Bare("in_rule") + ")", "$rule", rule);
    }

    private static string Bare(string column) => $"substr({column}, 1, instr({column}, '@') - 1)";
}
