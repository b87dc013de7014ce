namespace Merlon.Controller.Flows;

/// <summary>Tables of the flow log.</summary>
internal static class FlowSchema
{
    public const int Version = 1;

    // The record itself is one JSON text; the columns beside it are what filters ask for.
    public const string Sql = """
        CREATE TABLE IF NOT EXISTS flows (
          number INTEGER PRIMARY KEY AUTOINCREMENT, end_ms INTEGER NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
          service TEXT NOT NULL, rule TEXT, out_rule TEXT, in_rule TEXT,
          source_vm TEXT, source_uuid TEXT, source_tenant TEXT,
          destination_vm TEXT, destination_uuid TEXT, destination_tenant TEXT, record TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS numbering (
          host TEXT NOT NULL, incarnation TEXT NOT NULL, seen INTEGER NOT NULL, through INTEGER NOT NULL,
          lost_kernel INTEGER NOT NULL, lost_agent INTEGER NOT NULL, missing INTEGER NOT NULL, refused INTEGER NOT NULL,
          PRIMARY KEY (host, incarnation)) WITHOUT ROWID;
        """;

    public const string Insert = """
        INSERT INTO flows (end_ms, verdict, reason, service, rule, out_rule, in_rule, source_vm, source_uuid, source_tenant,
          destination_vm, destination_uuid, destination_tenant, record)
        VALUES ($end, $verdict, $reason, $service, $rule, $out, $in, $svm, $suuid, $stenant, $dvm, $duuid, $dtenant, $record)
        """;
}
