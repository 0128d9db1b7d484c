using System.Text;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Runtime.Reading;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/ops/read</c>: right in type, not yet in value.</summary>
internal sealed record ReadRequest
{
    private const int DefaultSeconds = 10;
    private const int DefaultBytes = 256 * 1024;
    private const int MostBytes = 8 * 1024 * 1024;
    private const int MostArguments = 1023;
    private const int MostArgumentBytes = 120_000;

    private string? CommandText { get; init; }

    private IReadOnlyList<string>? Args { get; init; }

    private string? Cwd { get; init; }

    private long? TimeoutSeconds { get; init; }

    private long? MaxOutputBytes { get; init; }

    private long? MaxLines { get; init; }

    private long? OutputOffset { get; init; }

    /// <summary>Checks the types.</summary>
    public static ReadRequest Read(BodyFields fields) => new()
    {
        CommandText = fields.String("command"),
        Args = fields.List("args"),
        Cwd = fields.String("cwd"),
        TimeoutSeconds = fields.Integer("timeout_seconds"),
        MaxOutputBytes = fields.Integer("max_output_bytes"),
        MaxLines = fields.Integer("max_lines"),
        OutputOffset = fields.Integer("output_offset"),
    };

    /// <summary>Checks the values, in the order of the contract's table.</summary>
    public ReadPlan ToPlan()
    {
        string command = CommandText?.Trim() is { Length: > 0 } named ? named : throw ApiErrors.Required("command").Exception();
        IReadOnlyList<string> arguments = CheckArgs(command);
        return new ReadPlan
        {
            Command = command,
            Spec = ReadExec.Spec(command, arguments, CheckCwd()),
            Wait = TimeSpan.FromSeconds(TimeoutSeconds is > 0 and { } seconds ? Math.Min(seconds, (long)ReadExec.LongestRun.TotalSeconds) : DefaultSeconds),
            MostBytes = MaxOutputBytes is > 0 and { } bytes ? (int)Math.Min(bytes, MostBytes) : DefaultBytes,
            MostLines = MaxLines is > 0 and { } lines ? (int)Math.Min(lines, int.MaxValue) : 0,
            Offset = Math.Max(0, OutputOffset ?? 0),
        };
    }

    private IReadOnlyList<string> CheckArgs(string command)
    {
        IReadOnlyList<string> arguments = Args ?? [];
        if (ReadCommands.All.Contains(command))
        {
            if (arguments.Count > MostArguments)
            {
                throw ApiErrors.Invalid("args", $"may hold at most {MostArguments} strings").Exception();
            }

            if (arguments.Any(a => a.Contains('\0', StringComparison.Ordinal)))
            {
                throw ApiErrors.Invalid("args", "must not contain a NUL character").Exception();
            }

            if (arguments.Sum(a => (long)Encoding.UTF8.GetByteCount(a)) > MostArgumentBytes)
            {
                throw ApiErrors.Invalid("args", $"may be at most {MostArgumentBytes} bytes long in all").Exception();
            }
        }

        ReadCommands.Check(command, arguments);
        return arguments;
    }

    private string? CheckCwd() => string.IsNullOrEmpty(Cwd) ? null : FieldRules.Path("cwd", Cwd);
}
