using Microsoft.Data.Sqlite;

namespace Merlon.Controller.Flows;

/// <summary>Rows of the numbering table.</summary>
internal sealed class FlowNumberings(SqliteConnection connection)
{
    public FlowNumbering Find(string host, string incarnation)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT through, lost_kernel, lost_agent, missing, refused FROM numbering WHERE host = $host AND incarnation = $incarnation";
        command.Parameters.AddWithValue("$host", host);
        command.Parameters.AddWithValue("$incarnation", incarnation);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new(true, U(reader, 0), U(reader, 1), U(reader, 2), U(reader, 3), U(reader, 4)) : default;
    }

    /// <param name="keep">Older numberings of the host are forgotten beyond this many.</param>
    public void Save(string host, string incarnation, FlowNumbering n, int keep)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO numbering (host, incarnation, seen, through, lost_kernel, lost_agent, missing, refused)
            VALUES ($host, $incarnation, (SELECT coalesce(max(seen), 0) + 1 FROM numbering), $through, $kernel, $agent, $missing, $refused)
            ON CONFLICT (host, incarnation) DO UPDATE SET seen = excluded.seen, through = $through, lost_kernel = $kernel,
              lost_agent = $agent, missing = $missing, refused = $refused;
            DELETE FROM numbering WHERE host = $host AND incarnation NOT IN
              (SELECT incarnation FROM numbering WHERE host = $host ORDER BY seen DESC LIMIT $keep);
            """;
        command.Parameters.AddWithValue("$host", host);
        command.Parameters.AddWithValue("$incarnation", incarnation);
        command.Parameters.AddWithValue("$through", (long)n.Through);
        command.Parameters.AddWithValue("$kernel", unchecked((long)n.LostKernel));
        command.Parameters.AddWithValue("$agent", unchecked((long)n.LostAgent));
        command.Parameters.AddWithValue("$missing", unchecked((long)n.Missing));
        command.Parameters.AddWithValue("$refused", (long)n.Refused);
        command.Parameters.AddWithValue("$keep", keep);
        command.ExecuteNonQuery();
    }

    /// <summary>The numbering last heard of each host.</summary>
    public IReadOnlyList<FlowCounts> Newest()
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT host, through, lost_kernel, lost_agent, missing, refused FROM numbering n
            WHERE seen = (SELECT max(seen) FROM numbering m WHERE m.host = n.host) ORDER BY host
            """;
        using var reader = command.ExecuteReader();
        var found = new List<FlowCounts>();
        while (reader.Read()) found.Add(new(reader.GetString(0), U(reader, 1), U(reader, 2), U(reader, 3), U(reader, 4), U(reader, 5)));
        return found;
    }

    private static ulong U(SqliteDataReader reader, int column) => unchecked((ulong)reader.GetInt64(column));
}
