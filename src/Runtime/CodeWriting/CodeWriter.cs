using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Reading;

namespace Sleigh.Runtime.CodeWriting;

/// <inheritdoc cref="ICodeWriter"/>
internal sealed partial class CodeWriter : ICodeWriter
{
    // Reports of pre-commit are read from what it prints, whatever little of it the caller wants to see.
    private const int LeastKept = 256 * 1024;

    private readonly SandboxTable _table;
    private readonly Execs _execs;
    private readonly FileWriter _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public CodeWriter(SandboxParts parts)
    {
        (_table, _execs, _time, _logger) = (parts.Table, parts.Execs, parts.Time, parts.Logger);
        _files = new FileWriter(parts);
    }

    /// <inheritdoc/>
    public async Task<CodeWriteResult> WriteAsync(SandboxId sandbox, CodeWriteSpec spec)
    {
        TimeBudget budget = new(spec.Timeout, _time);
        SandboxEntry entry = _table.Require(sandbox);
        StageOutput output = new(spec.MaxOutputBytes, spec.MaxLines);
        (WrittenFile? written, PendingReverts.Mark? mark, WriteFailure? failure) = await _files.WriteAsync(entry, spec, budget);
        using (mark)
        {
            CodeWriteResult result = written is null || mark is null ? NotWritten(spec, failure)
                : spec.PostCommand is string command ? await StartAsync(entry, spec, command, written)
                : await ExamineAsync(entry, spec, written, mark, new SandboxWorkplace(entry, _execs, budget, Math.Max(spec.MaxOutputBytes + ReadPage.Beyond, LeastKept)), output);
            (string stdout, string stderr, long omitted) = output.Cut();
            Done(
                _logger, sandbox.ToString(), result.Failure?.Code ?? "ok", result.Bytes ?? 0, result.Checks.Status.ToString(), result.Build.Status.ToString(),
                (long)budget.Elapsed.TotalMilliseconds);
            return result with
            {
                Stdout = stdout, Stderr = stderr, OmittedBytes = omitted, Duration = budget.Elapsed, Remaining = budget.Remaining,
            };
        }
    }

    private static CodeWriteResult NotWritten(CodeWriteSpec spec, WriteFailure? failure)
    {
        StageResult nothing = StageResult.NotRun("nothing was written");
        return new CodeWriteResult { Path = spec.Path, Failure = failure, Checks = nothing, Build = nothing };
    }

    private async Task<CodeWriteResult> StartAsync(SandboxEntry entry, CodeWriteSpec spec, string command, WrittenFile written)
    {
        StageResult none = StageResult.NotRun("post_exec_command was sent");
        try
        {
            Exec exec = await _execs.StartAsync(entry.Id, new ExecSpec { Command = command, Origin = ExecOrigin.CodeWrite }, CancellationToken.None);
            return new CodeWriteResult { Path = spec.Path, IsApplied = true, Bytes = written.Bytes, Checks = none, Build = none, PostExec = exec };
        }
        catch (RuntimeException e) when (e.Kind != ErrorKind.NotFound)
        {
            throw new RuntimeException(e.Kind, e.Message, e) { Details = e.Details, Hint = "the file was written; only the command has to be sent again" };
        }
    }

    private async Task<CodeWriteResult> ExamineAsync(
        SandboxEntry entry, CodeWriteSpec spec, WrittenFile written, PendingReverts.Mark mark, SandboxWorkplace place, StageOutput output)
    {
        if (written.Message is string message)
        {
            output.Say(message);
        }

        StageResult checks = await QualityChecks.RunAsync(spec.Path, place, output);
        StageResult build = checks.Status == StageStatus.Failed ? StageResult.NotRun("the checks failed")
            : spec.Build is CodeLanguage language ? await Builds.RunAsync(spec.Path, language, place, output)
            : StageResult.NotRun("build_language was not sent");
        WriteFailure? failure = checks.Failure ?? build.Failure;
        bool reverted = failure is not null && spec.RevertsOnFailure && await TryPutBackAsync(entry, spec, written, mark, output);

        // Hooks may have changed the file.
        long? size = checks.Mode is null && build.Status == StageStatus.NotRun ? written.Bytes : await _files.SizeAsync(entry, spec.Path);
        return new CodeWriteResult
        {
            Path = spec.Path, Failure = failure, IsApplied = !reverted, Bytes = size, IsReverted = reverted, Checks = checks, Build = build,
        };
    }

    private async Task<bool> TryPutBackAsync(SandboxEntry entry, CodeWriteSpec spec, WrittenFile written, PendingReverts.Mark mark, StageOutput output)
    {
        string? why = await _files.PutBackAsync(entry, spec.Path, written, mark);
        if (why is not null)
        {
            NotPutBack(_logger, entry.Id.ToString(), why);
            output.Complain($"revert_on_failure: the file was not put back: {why}");
        }

        return why is null;
    }

    [LoggerMessage(EventId = 1531, EventName = "code-write", Level = LogLevel.Information, Message = "Code write in {Sandbox}: {Code}, {Bytes} bytes, checks {Checks}, build {Build}, {Milliseconds} ms")]
    private static partial void Done(ILogger logger, string sandbox, string code, long bytes, string checks, string build, long milliseconds);

    [LoggerMessage(EventId = 1532, EventName = "code-write", Level = LogLevel.Warning, Message = "The old file was not put back in {Sandbox}: {Reason}")]
    private static partial void NotPutBack(ILogger logger, string sandbox, string reason);
}
