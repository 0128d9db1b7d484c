namespace Sleigh.Cli.Http;

/// <summary>A connection broke between the request and the end of its answer.</summary>
internal sealed class LostConnectionException(string socketPath, string call, Exception cause) : CliException(
    Cli.ExitCode.Unreachable,
    $"the daemon at {socketPath} broke off {call}: {cause.Message}",
    "it may have been restarted; look at its log, then try again",
    cause);
