using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon;

/// <summary>Where log lines go: standard error, in the journal's form under systemd.</summary>
internal static class Logs
{
    public static ILoggerFactory Create(LiveOptions options) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(LogLevel.Trace);
        logging.AddFilter(level => level >= LevelOf(options.Now.Log.Level));

        // Request lines of the web server could show tokens in query strings; the API logs its own, redacted.
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // A start that fails is told in one sentence, not with the host's stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not null)
        {
            logging.AddSystemdConsole();
        }
        else
        {
            logging.AddSimpleConsole(line =>
            {
                line.SingleLine = true;
                line.TimestampFormat = "HH:mm:ss.fff ";
                line.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    });

    private static LogLevel LevelOf(LogThreshold threshold) => threshold switch
    {
        LogThreshold.Debug => LogLevel.Debug,
        LogThreshold.Info => LogLevel.Information,
        LogThreshold.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
