using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Merlon.Controller.Store;

/// <summary>Opens a SQLite file that is ours: readable by its owner only, whole, of a version we know.</summary>
internal static class SqliteFile
{
    /// <param name="synchronous">FULL: a commit is on stable storage. NORMAL: it survives the process, not a power cut.</param>
    public static SqliteConnection Open(string path, int version, string synchronous, string schema)
    {
        try
        {
            Reserve(path);
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            connection.Open();
            Execute(connection, $"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA busy_timeout=5000;");
            Check(connection, path, version);
            Execute(connection, $"BEGIN IMMEDIATE; {schema} PRAGMA user_version={version.ToString(CultureInfo.InvariantCulture)}; COMMIT;");
            return connection;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StartException($"cannot use {path}: {e.Message}", e);
        }
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    // SQLite would make the file with the process's umask: for a moment others could open it.
    private static void Reserve(string path)
    {
        if (File.Exists(path)) return;
        new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).Dispose();
    }

    private static void Check(SqliteConnection connection, string path, int version)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var found = Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (found > version) throw new StartException($"{path} was written by a newer merlon-controller (version {found}, this one knows {version})");
        command.CommandText = "PRAGMA quick_check(1)";
        if (command.ExecuteScalar() is not "ok") throw new StartException($"{path} is damaged: restore it from a backup, or move it away to start empty");
    }
}
