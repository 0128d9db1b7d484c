using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Api.Views;

/// <summary>Endpoint 25 of the contract.</summary>
internal static class CodeWriteView
{
    public static void Write(Utf8JsonWriter json, CodeWriteResult result)
    {
        json.WriteStartObject();
        WriteVerdict(json, result);
        json.WriteNumber("duration_ms", JsonText.CeilingMs(result.Duration));
        json.WriteBoolean("timed_out", result.Failure is { TimedOut: true });
        json.WriteBoolean("truncated", result.OmittedBytes > 0);
        WriteFile(json, result);
        if (result.IsReverted)
        {
            json.WriteBoolean("reverted", true);
        }

        WriteStages(json, result);
        json.WriteOptional("omitted_bytes", result.OmittedBytes > 0 ? result.OmittedBytes : null);
        json.WriteString("stdout", result.Stdout);
        json.WriteString("stderr", result.Stderr);
        json.WriteEndObject();
    }

    /// <summary>The member <c>write</c> of the exec that follows a write.</summary>
    public static void WriteBeside(Utf8JsonWriter json, CodeWriteResult result)
    {
        json.WriteStartObject("write");
        json.WriteString("status", "ok");
        WriteFile(json, result);
        json.WriteEndObject();
    }

    private static void WriteVerdict(Utf8JsonWriter json, CodeWriteResult result)
    {
        json.WriteString("status", result.Failure is null ? "ok" : "error");
        if (result.Failure is not { } failure)
        {
            return;
        }

        json.WriteString("code", failure.Code);
        json.WriteString("error", failure.Error);
        if (failure.Matches is { } matches)
        {
            json.WriteStartObject("details");
            json.WriteNumber("matches", matches);
            json.WriteStartArray("match_lines");
            foreach (int line in failure.MatchLines)
            {
                json.WriteNumberValue(line);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static void WriteFile(Utf8JsonWriter json, CodeWriteResult result)
    {
        if (result.IsApplied)
        {
            WriteList(json, "applied_files", [result.Path.Name]);
        }

        json.WriteString("sandbox_path", result.Path.Text);
        json.WriteOptional("bytes_written", result.Bytes);
    }

    private static void WriteStages(Utf8JsonWriter json, CodeWriteResult result)
    {
        json.WriteString("quality_checks_status", StatusText(result.Checks.Status));
        json.WriteOptional("quality_checks_mode", result.Checks.Mode switch
        {
            CheckMode.PreCommit => "pre_commit",
            CheckMode.Language => "language",
            _ => null,
        });
        json.WriteOptional("quality_checks_reason", result.Checks.Reason);
        json.WriteString("build_status", StatusText(result.Build.Status));
        json.WriteOptional("build_reason", result.Build.Reason);
        WriteList(json, "format_issues", result.Checks.FormatIssues);
        WriteList(json, "lint_issues", result.Checks.LintIssues);
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (string item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    private static string StatusText(StageStatus status) => status switch
    {
        StageStatus.NotRun => "not_run",
        StageStatus.Passed => "passed",
        StageStatus.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown status"),
    };
}
