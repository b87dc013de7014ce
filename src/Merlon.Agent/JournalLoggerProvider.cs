namespace Merlon.Agent;

/// <summary>One line per thing on stderr, with the priority prefix that journald reads (sd-daemon(3)).</summary>
internal sealed class JournalLoggerProvider : ILoggerProvider
{
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
            Console.Error.WriteLine($"<{Priority(logLevel)}>{text.ReplaceLineEndings(" ")}");
        }

        private static int Priority(LogLevel level) => level switch
        {
            LogLevel.Critical => 2,
            LogLevel.Error => 3,
            LogLevel.Warning => 4,
            LogLevel.Information => 6,
            _ => 7,
        };
    }
}
