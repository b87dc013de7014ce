using Microsoft.Extensions.Logging.Console;

namespace Merlon.Controller;

/// <summary>Logs go to standard error in the form that systemd's journal reads: priority first, one line each.</summary>
internal static class Journal
{
    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSystemdConsole();
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        // Both are said by the controller itself, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.None);
    }
}
