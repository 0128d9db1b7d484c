namespace Sleigh.Cli;

/// <summary>A failure that is shown as one sentence and a hint; sleighctl ends with <see cref="ExitCode"/>.</summary>
internal class CliException : Exception
{
    public CliException(int exitCode, string message, string? hint = null, Exception? inner = null)
        : base(message, inner)
    {
        ExitCode = exitCode;
        Hint = hint;
    }

    /// <summary>One of <see cref="Cli.ExitCode"/>.</summary>
    public int ExitCode { get; }

    /// <summary>What to do next, if there is something.</summary>
    public string? Hint { get; }
}
