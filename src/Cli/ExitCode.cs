namespace Sleigh.Cli;

/// <summary>
/// What sleighctl ends with. <c>exec</c> passes on the command's own status where it has one, so its codes can be any of these too.
/// </summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The daemon refused or failed, or a check failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    /// <summary>No daemon answers.</summary>
    public const int Unreachable = 3;

    /// <summary><c>exec --timeout</c> ended the command, as timeout(1) says it.</summary>
    public const int TimedOut = 124;

    /// <summary>Ctrl-C: 128 and the number of SIGINT.</summary>
    public const int Interrupted = 130;
}
