using System.Text;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/exec</c>: right in type, not yet in value.</summary>
internal sealed record ExecRequest
{
    // The kernel refuses an argument of 128 KiB (MAX_ARG_STRLEN); the contract stays below it.
    private const int MostCommandBytes = 120_000;
    private const int MostArguments = 1024;
    private const int MostStdinBytes = 1024 * 1024;
    private const int DefaultWaitSeconds = 10;
    private const int DefaultRows = 24;
    private const int DefaultColumns = 80;

    private static readonly UTF8Encoding Utf8 = new();

    private string? Command { get; init; }

    private IReadOnlyList<string>? Argv { get; init; }

    private long? WaitTimeoutSeconds { get; init; }

    private long? TimeoutSeconds { get; init; }

    private string? Cwd { get; init; }

    private IReadOnlyDictionary<string, string>? Env { get; init; }

    private IReadOnlyDictionary<string, string>? Secrets { get; init; }

    private string? User { get; init; }

    private string? Stdin { get; init; }

    private bool HasTerminal { get; init; }

    private long? Rows { get; init; }

    private long? Columns { get; init; }

    private bool StdinStream { get; init; }

    /// <summary>Whether the caller waits for the end.</summary>
    public bool Wait { get; private init; }

    /// <summary>Where the caller wants to be told of the end; null or blank: nowhere.</summary>
    public string? WebhookUrl { get; private init; }

    /// <summary>Checks the types.</summary>
    public static ExecRequest Read(BodyFields fields)
    {
        ExecRequest request = ReadCommand(fields) with { Argv = fields.List("argv"), StdinStream = fields.Boolean("stdin_stream") ?? false };
        return fields.Object("terminal") is { } terminal
            ? request with { HasTerminal = true, Rows = terminal.Integer("rows"), Columns = terminal.Integer("columns") }
            : request;
    }

    /// <summary>As <see cref="Read"/> for a step of a workflow, which waits unless told not to and has no live input.</summary>
    public static ExecRequest ReadStep(BodyFields fields) => ReadCommand(fields) with { Wait = fields.Boolean("wait") ?? true };

    /// <summary>Whether there is no command.</summary>
    public bool IsBlank => string.IsNullOrWhiteSpace(Command);

    private static ExecRequest ReadCommand(BodyFields fields) => new()
    {
        Command = fields.String("command"),
        Wait = fields.Boolean("wait") ?? false,
        WaitTimeoutSeconds = fields.Integer("wait_timeout_seconds"),
        WebhookUrl = fields.String("webhook_url"),
        TimeoutSeconds = fields.Integer("timeout_seconds"),
        Cwd = fields.String("cwd"),
        Env = fields.Strings("env"),
        Secrets = fields.Strings("secrets"),
        User = fields.String("user"),
        Stdin = fields.String("stdin"),
    };

    /// <summary>Checks the values, in the order of the contract's table.</summary>
    public ExecSpec ToSpec() => new()
    {
        Command = CheckCommand(),
        Argv = CheckArgv(),
        Timeout = CheckTimeout(),
        Cwd = FieldRules.AbsolutePath("cwd", Cwd),
        Env = FieldRules.Env("env", Env),
        Secrets = FieldRules.Secrets("secrets", Secrets, Env),
        User = FieldRules.User("user", User),
        Stdin = CheckStdin(),
        Terminal = CheckTerminal(),
        StdinStream = CheckStdinStream(),
        Origin = ExecOrigin.Exec,
    };

    /// <summary>How long a wait may take: 10 s unless sent, never more than <c>exec.max_wait_seconds</c>.</summary>
    public TimeSpan WaitTime(ExecOptions options)
    {
        long seconds = WaitTimeoutSeconds is > 0 and { } sent ? sent : DefaultWaitSeconds;
        return TimeSpan.FromSeconds(Math.Min(seconds, (long)options.MaxWait.TotalSeconds));
    }

    private string? CheckCommand()
    {
        string? command = Command?.Trim();
        if (string.IsNullOrEmpty(command))
        {
            return Argv is not null ? null : throw ApiErrors.Required("command").Exception();
        }

        if (Argv is not null)
        {
            throw ApiErrors.Invalid("argv", "and command exclude each other").Exception();
        }

        return FieldRules.Command("command", command);
    }

    private IReadOnlyList<string>? CheckArgv()
    {
        if (Argv is null)
        {
            return null;
        }

        if (Argv.Count is 0 or > MostArguments || Argv[0].Length == 0)
        {
            throw ApiErrors.Invalid("argv", $"must hold 1 to {MostArguments} strings, the first of them not empty").Exception();
        }

        if (Argv.Any(a => a.Contains('\0', StringComparison.Ordinal)))
        {
            throw ApiErrors.Invalid("argv", "must not contain a NUL character").Exception();
        }

        return Argv.Sum(a => (long)Utf8.GetByteCount(a)) <= MostCommandBytes
            ? Argv
            : throw ApiErrors.Invalid("argv", $"may be at most {MostCommandBytes} bytes long in all").Exception();
    }

    // 0 is the setting's way to say "none"; here it is the default, as everywhere where the contract says so.
    private TimeSpan? CheckTimeout() => TimeoutSeconds switch
    {
        null or 0 => null,
        < 0 => throw ApiErrors.Invalid("timeout_seconds", "must not be negative").Exception(),
        { } seconds => TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)),
    };

    private string? CheckStdin() => Stdin is null || Utf8.GetByteCount(Stdin) <= MostStdinBytes
        ? Stdin
        : throw ApiErrors.Invalid("stdin", $"may be at most {MostStdinBytes} bytes long").Exception();

    private TerminalSize? CheckTerminal()
    {
        if (!HasTerminal)
        {
            return null;
        }

        RefuseBeside("terminal", Stdin is not null, "stdin");
        RefuseBeside("terminal", Wait, "wait");
        return new TerminalSize(
            (ushort)(FieldRules.Range("terminal.rows", Rows, 1, ushort.MaxValue, zeroIsDefault: false) ?? DefaultRows),
            (ushort)(FieldRules.Range("terminal.columns", Columns, 1, ushort.MaxValue, zeroIsDefault: false) ?? DefaultColumns));
    }

    private bool CheckStdinStream()
    {
        RefuseBeside("stdin_stream", StdinStream && Stdin is not null, "stdin");
        RefuseBeside("stdin_stream", StdinStream && HasTerminal, "terminal");
        RefuseBeside("stdin_stream", StdinStream && Wait, "wait");
        return StdinStream;
    }

    private static void RefuseBeside(string field, bool both, string other)
    {
        if (both)
        {
            throw ApiErrors.Invalid(field, $"and {other} exclude each other").Exception();
        }
    }
}
