using Microsoft.Extensions.Logging;
using Sleigh.Linux;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Auditing;

/// <summary>
/// The audit log of a daemon: lines of JSON behind each other in a file of mode 0600, each by one write(2). A file that would grow beyond
/// <c>audit.rotate_size</c> is put aside first. One that somebody else moves away is made anew with the next line.
/// </summary>
/// <remarks>
/// Lines are not flushed to the disk one by one: they survive the daemon's end, however it comes, and a crash of the host may take the
/// last seconds.
/// <para>Refused calls of strangers get ten lines a second, those of each session too, and what is beyond that a count: else anybody who reaches the port
/// could have older lines put aside and removed.</para>
/// </remarks>
public sealed partial class AuditLog : IAudit, IDisposable
{
    private const int Mode = 0b110_000_000;
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _lock = new();
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RefusedLines _refused = new();
    private TaskCompletionSource _added = NewSignal();
    private AppendFile? _file;
    private string? _path;
    private long _lost;
    private bool _failing;
    private bool _torn;
    private bool _stuck;
    private bool _ends;

    /// <summary>Opens nothing yet: the first line does.</summary>
    public AuditLog(LiveOptions options, TimeProvider time, ILogger logger) => (_options, _time, _logger) = (options, time, logger);

    /// <summary>Writes the line of the daemon's own start: what follows may lack calls that its end had cut off.</summary>
    /// <exception cref="StartException">It cannot be written, and <c>audit.on_failure</c> is <c>refuse</c>.</exception>
    public void Begin()
    {
        if (!TryWrite(Own("daemon-start")) && _options.Now.Audit.OnFailure == AuditFailure.Refuse)
        {
            throw new StartException(
                StartFailureKind.Storage,
                $"the audit log {_options.Now.AuditPath} cannot be written and audit.on_failure is refuse; the log says why");
        }
    }

    /// <summary>Writes the line of the daemon's own end.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ends = true;
        }

        TryWrite(Own("daemon-stop"));
    }

    /// <inheritdoc/>
    public bool TryWrite(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        SleighOptions now = _options.Now;
        if (!now.Audit.Enabled)
        {
            return true;
        }

        byte[] line = entry.ToLine();
        TaskCompletionSource added;
        lock (_lock)
        {
            if (_refused.IsTooMuch(entry, _time.GetUtcNow().ToUnixTimeSeconds()))
            {
                return true;
            }

            long lost = _lost;
            try
            {
                Put(line, now);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Lose(now, e);
                return false;
            }

            if (_failing)
            {
                _failing = false;
                WrittenAgain(_logger, now.AuditPath, lost);
            }

            (added, _added) = (_added, NewSignal());
        }

        AuditMeters.Count(written: true);
        added.SetResult();
        return true;
    }

    /// <inheritdoc/>
    public AuditTail Read(int last, string? target) => AuditTail.Open(_options.Now.AuditPath, last, target);

    /// <inheritdoc/>
    public Task AddedAsync()
    {
        lock (_lock)
        {
            return _added.Task;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    // What was lost or has no line is told in the file itself, before anything else is added to it; the second at most once a second.
    private void Put(byte[] line, SleighOptions options)
    {
        foreach (AuditEntry refused in _refused.Due(_time.GetUtcNow(), _ends))
        {
            Append(refused.ToLine(), options);
            _refused.Told(refused);
        }

        if (_lost > 0)
        {
            Append(new AuditEntry { Time = _time.GetUtcNow(), Operation = "audit-lost", Phase = "done", Lost = _lost }.ToLine(), options);
            _lost = 0;
        }

        Append(line, options);
    }

    private void Append(byte[] line, SleighOptions options)
    {
        AppendFile file = Ready(options);
        if (file.Size > 0 && file.Size + line.Length > options.Audit.RotateSize && TryPutAside(options))
        {
            file.Dispose();
            _file = null;
            file = Ready(options);
            AuditFiles.Prune(options.AuditPath, options.Audit.RotateCount);
        }

        byte[] whole = _torn ? [(byte)'\n', .. line] : line;
        int written = file.Write(whole);
        _torn = written < whole.Length;
        if (_torn)
        {
            throw new KernelException("append to", options.AuditPath, Errno.ENOSPC, $"{written} of {whole.Length} bytes were written");
        }
    }

    // A file that grows beyond its size is better than lines that are lost.
    private bool TryPutAside(SleighOptions options)
    {
        try
        {
            AuditFiles.PutAside(options.AuditPath, _time.GetUtcNow());
            _stuck = false;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_stuck)
            {
                _stuck = true;
                NotPutAside(_logger, options.AuditPath, e);
            }

            return false;
        }
    }

    private AppendFile Ready(SleighOptions options)
    {
        if (_file is not null && (_path != options.AuditPath || !_file.IsInPlace))
        {
            _file.Dispose();
            _file = null;
        }

        if (_file is null)
        {
            _path = options.AuditPath;
            if (Path.GetDirectoryName(_path) is { } folder && !Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder, FolderMode);
            }

            _file = AppendFile.Open(_path, Mode);
            _torn = !_file.EndsLine();
        }

        return _file;
    }

    private void Lose(SleighOptions options, Exception cause)
    {
        _lost++;
        AuditMeters.Count(written: false);
        if (_failing)
        {
            return;
        }

        _failing = true;
        NotWritten(
            _logger, options.AuditPath, options.Audit.OnFailure == AuditFailure.Refuse ? "calls that are audited are refused until it can" : "calls go on without it",
            cause);
    }

    private AuditEntry Own(string operation) =>
        new() { Time = _time.GetUtcNow(), Operation = operation, Phase = "done", Pid = Environment.ProcessId };

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(EventId = 1950, EventName = "audit", Level = LogLevel.Error, Message = "The audit log {File} cannot be written; {Consequence}")]
    private static partial void NotWritten(ILogger logger, string file, string consequence, Exception cause);

    [LoggerMessage(EventId = 1952, EventName = "audit", Level = LogLevel.Error, Message = "The audit log {File} is full and cannot be put aside; it grows on")]
    private static partial void NotPutAside(ILogger logger, string file, Exception cause);

    [LoggerMessage(EventId = 1951, EventName = "audit", Level = LogLevel.Warning, Message = "The audit log {File} is written again; {Lines} lines were lost")]
    private static partial void WrittenAgain(ILogger logger, string file, long lines);
}
