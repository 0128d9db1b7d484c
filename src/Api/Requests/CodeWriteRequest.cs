using System.Text;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Runtime.CodeWriting;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/ops/code/write</c>: right in type, not yet in value.</summary>
internal sealed record CodeWriteRequest
{
    private const string PathField = "sandbox_path";
    private const string InContext = "context_edit";
    private const string WholeFile = "replace_file";
    private const int DefaultSeconds = 120;
    private const int MostSeconds = 86_400;
    private const int DefaultWaitSeconds = 10;
    private const int DefaultBytes = 131_072;
    private const int MostBytes = 8 * 1024 * 1024;
    private const int DefaultLines = 500;

    private string? SandboxPath { get; init; }

    private string? WriteMode { get; init; }

    private string? OldText { get; init; }

    private string? NewText { get; init; }

    private string? BeforeContext { get; init; }

    private string? AfterContext { get; init; }

    private long? Occurrence { get; init; }

    private string? Content { get; init; }

    private string? BuildLanguage { get; init; }

    private string? PostExecCommand { get; init; }

    private long? PostExecWaitTimeoutSeconds { get; init; }

    private long? TimeoutSeconds { get; init; }

    private long? MaxOutputBytes { get; init; }

    private long? MaxLines { get; init; }

    private bool RevertOnFailure { get; init; }

    /// <summary>Checks the types.</summary>
    public static CodeWriteRequest Read(BodyFields fields) => new()
    {
        SandboxPath = fields.String(PathField),
        WriteMode = fields.String("write_mode"),
        OldText = fields.String("old_text"),
        NewText = fields.String("new_text"),
        BeforeContext = fields.String("before_context"),
        AfterContext = fields.String("after_context"),
        Occurrence = fields.Integer("occurrence"),
        Content = fields.String("content"),
        BuildLanguage = fields.String("build_language"),
        PostExecCommand = fields.String("post_exec_command"),
        PostExecWaitTimeoutSeconds = fields.Integer("post_exec_wait_timeout_seconds"),
        TimeoutSeconds = fields.Integer("timeout_seconds"),
        MaxOutputBytes = fields.Integer("max_output_bytes"),
        MaxLines = fields.Integer("max_lines"),
        RevertOnFailure = fields.Boolean("revert_on_failure") ?? false,
    };

    /// <summary>Checks the values, in the order of the contract's table.</summary>
    public CodeWriteSpec ToSpec()
    {
        SandboxFilePath path = CheckPath();
        FileEdit edit = CheckEdit();
        CodeLanguage? build = CheckBuild();
        string? command = PostExecCommand?.Trim() is { Length: > 0 } sent ? FieldRules.Command("post_exec_command", sent) : null;
        if (RevertOnFailure && command is not null)
        {
            throw ApiErrors.Invalid("revert_on_failure", "and post_exec_command exclude each other").Exception();
        }

        return new CodeWriteSpec
        {
            Path = path, Edit = edit, Build = build, PostCommand = command, RevertsOnFailure = RevertOnFailure,
            Timeout = TimeSpan.FromSeconds(Positive(TimeoutSeconds, DefaultSeconds, MostSeconds)),
            MaxOutputBytes = Positive(MaxOutputBytes, DefaultBytes, MostBytes),
            MaxLines = Positive(MaxLines, DefaultLines, int.MaxValue),
        };
    }

    /// <summary>How long the command behind the write is waited for, never more than <c>exec.max_wait_seconds</c>; null: not at all.</summary>
    public TimeSpan? PostWait(ExecOptions options) => PostExecWaitTimeoutSeconds is null
        ? null
        : TimeSpan.FromSeconds(Positive(PostExecWaitTimeoutSeconds, DefaultWaitSeconds, (int)Math.Min(options.MaxWait.TotalSeconds, int.MaxValue)));

    private SandboxFilePath CheckPath() => SandboxFilePath.TryParse(SandboxPath, out SandboxFilePath? path, out string? rule)
        ? path
        : throw (ApiErrors.InvalidExactly(PathField, rule) with { Code = string.IsNullOrWhiteSpace(SandboxPath) ? "bad_request" : "path_not_allowed" })
            .Exception();

    private FileEdit CheckEdit() => WriteMode?.Trim().ToLowerInvariant() switch
    {
        null or "" or InContext => CheckContextEdit(),
        WholeFile or "rewrite" or "overwrite" => new FileEdit.Replace(Bytes(Content ?? throw Missing("content", WholeFile))),
        _ => throw ApiErrors.InvalidExactly("write_mode", $"write_mode must be one of: {InContext}, {WholeFile}", [InContext, WholeFile]).Exception(),
    };

    private FileEdit.InContext CheckContextEdit()
    {
        string old = OldText is { Length: > 0 } sent ? sent : throw Missing("old_text", InContext);
        string replacement = NewText ?? throw Missing("new_text", InContext);
        bool hasContext = !string.IsNullOrWhiteSpace(BeforeContext) || !string.IsNullOrWhiteSpace(AfterContext);
        return new FileEdit.InContext(new ContextEdit(Bytes(old), Bytes(replacement))
        {
            Before = hasContext ? Bytes(BeforeContext ?? "") : default,
            After = hasContext ? Bytes(AfterContext ?? "") : default,
            Occurrence = Occurrence ?? 0,
        });
    }

    private CodeLanguage? CheckBuild() => string.IsNullOrWhiteSpace(BuildLanguage)
        ? null
        : CodeLanguages.Named(BuildLanguage.Trim()) ?? throw ApiErrors.UnsupportedBuildLanguage(BuildLanguage.Trim()).Exception();

    private static ApiException Missing(string field, string mode) =>
        (ApiErrors.InvalidExactly(field, $"{field} is required for write_mode={mode}") with { Code = "bad_request" }).Exception();

    private static int Positive(long? sent, int otherwise, int most) => (int)Math.Min(sent is > 0 and { } value ? value : otherwise, most);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
