using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Systemd;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Logging;

/// <summary>Where log lines go: the journal with fields where standard error goes there, else standard error.</summary>
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
        if (GoesToJournal())
        {
            logging.AddProvider(new JournalLog(new JournalSocket(JournalSocket.DefaultPath), Console.Error));
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

    private static bool GoesToJournal()
    {
        using SafeFileHandle error = new(2, ownsHandle: false);
        return JournalSocket.IsStream(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), error) && File.Exists(JournalSocket.DefaultPath);
    }

    private static LogLevel LevelOf(LogThreshold threshold) => threshold switch
    {
        LogThreshold.Debug => LogLevel.Debug,
        LogThreshold.Info => LogLevel.Information,
        LogThreshold.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
