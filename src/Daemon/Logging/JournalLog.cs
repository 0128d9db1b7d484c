using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sleigh.Linux.Systemd;

namespace Sleigh.Daemon.Logging;

/// <summary>
/// Logs into the journal with fields. A thread of its own sends, so that a slow journald holds nobody up; what does not fit into the queue
/// is counted and told of. Where journald does not take an entry, its sentence goes to standard error.
/// </summary>
internal sealed class JournalLog : ILoggerProvider, ISupportExternalScope
{
    private const int QueueLength = 8192;
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<(JournalEntry Entry, string Sentence)> _queue = new(QueueLength);
    private readonly JournalSocket _socket;
    private readonly TextWriter _otherwise;
    private readonly Thread _thread;
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();
    private long _lost;

    /// <summary>Begins to send.</summary>
    /// <param name="socket">journald's; closed with this.</param>
    /// <param name="otherwise">Where sentences go that journald does not take.</param>
    public JournalLog(JournalSocket socket, TextWriter otherwise)
    {
        (_socket, _otherwise) = (socket, otherwise);
        _thread = new Thread(SendAll) { IsBackground = true, Name = "journal" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <summary>Sends what is queued, and ends.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        if (_thread.Join(FlushLimit))
        {
            _socket.Dispose();
            _queue.Dispose();
        }
    }

    private void Put(JournalEntry entry, string sentence)
    {
        try
        {
            if (!_queue.TryAdd((entry, sentence)))
            {
                Interlocked.Increment(ref _lost);
            }
        }
        catch (InvalidOperationException)
        {
            // Ended already: the process is about to.
            _otherwise.WriteLine(Secrets.Blot(sentence));
        }
    }

    private void SendAll()
    {
        foreach ((JournalEntry entry, string sentence) in _queue.GetConsumingEnumerable())
        {
            Send(entry, sentence);
            if (Interlocked.Exchange(ref _lost, 0) is > 0 and long lost)
            {
                string told = $"{lost} log lines are lost: journald is too slow";
                Send(new JournalEntry().Add("MESSAGE", told).Add("PRIORITY", "4").Add("SYSLOG_IDENTIFIER", "sleighd"), told);
            }
        }
    }

    private void Send(JournalEntry entry, string sentence)
    {
        if (!_socket.TrySend(entry.Bytes))
        {
            _otherwise.WriteLine(Secrets.Blot(sentence));
        }
    }

    private sealed class Logger(JournalLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            List<KeyValuePair<string, object?>> values = [];
            log._scopes.ForEachScope(static (scope, all) => Take(scope, all), values);
            Take(state, values);
            string sentence = formatter(state, exception);
            log.Put(JournalFields.Write(logLevel, category, eventId, sentence, exception, values), sentence);
        }

        private static void Take(object? state, List<KeyValuePair<string, object?>> values)
        {
            if (state is IEnumerable<KeyValuePair<string, object?>> some)
            {
                values.AddRange(some);
            }
        }
    }
}
