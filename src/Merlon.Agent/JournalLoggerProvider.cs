namespace Merlon.Agent;

/// <summary>One line per thing on stderr: with the priority prefix of sd-daemon(3) for journald, with a word for people.</summary>
internal sealed class JournalLoggerProvider : ILoggerProvider
{
    // Set by systemd for a process whose stderr is the journal (systemd.exec(5)).
    private static readonly bool s_journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };

    /// <summary>What stands before a line of that level.</summary>
    public static string Prefix(LogLevel level) => level switch
    {
        LogLevel.Critical => s_journal ? "<2>" : "error: ",
        LogLevel.Error => s_journal ? "<3>" : "error: ",
        LogLevel.Warning => s_journal ? "<4>" : "warning: ",
        LogLevel.Information => s_journal ? "<6>" : "",
        _ => s_journal ? "<7>" : "",
    };

    public ILogger CreateLogger(string categoryName) =>
        new Line(categoryName.StartsWith("Merlon.", StringComparison.Ordinal) ? LogLevel.Information : LogLevel.Warning);

    public void Dispose()
    {
    }

    private sealed class Line(LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var text = formatter(state, exception);
            if (exception is not null) text = $"{text}: {exception.GetType().Name}: {exception.Message}";
            // Names come from guests and tenants: a line break would forge a log line.
            Console.Error.WriteLine(Prefix(logLevel) + text.ReplaceLineEndings(" "));
        }
    }
}
