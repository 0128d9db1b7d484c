namespace Sleigh.Runtime.Reading;

/// <summary>How a read command runs, and what its end means to the reader.</summary>
public static class ReadExec
{
    /// <summary>After this time a read command is ended, however long its caller waits.</summary>
    public static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(300);

    // RIPGREP_CONFIG_PATH names a program's options, GREP_OPTIONS did; POSIXLY_CORRECT changes which argument is an option; LD_PRELOAD and
    // LD_LIBRARY_PATH bring in code. Nothing that is not known to be harmless gets through.
    private static readonly HashSet<string> PassedVariables = new(StringComparer.Ordinal) { "PATH", "HOME", "USER", "LOGNAME", "HOSTNAME", "TZ" };

    // In a locale with another character set, bytes of a letter can be a backslash to the program that were none to the rules.
    private static readonly Dictionary<string, string> Locale = new() { ["LC_ALL"] = "C.UTF-8" };

    /// <summary>The command as a program and its arguments, without a shell.</summary>
    /// <param name="command">One of <see cref="ReadCommands.All"/>, checked together with the arguments.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cwd">Working directory, absolute or from the image's on; null: the image's.</param>
    public static ExecSpec Spec(string command, IReadOnlyList<string> arguments, string? cwd) => new()
    {
        Argv = [command, .. arguments],
        Cwd = cwd,
        Env = Locale,
        PassedVariables = PassedVariables,
        GetsSecrets = false,
        Timeout = LongestRun,
        Origin = ExecOrigin.OpsRead,
    };

    /// <summary>What became of a read command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="exec">The exec, final.</param>
    public static ReadEnd Judge(string command, Exec exec)
    {
        ArgumentNullException.ThrowIfNull(exec);
        if (exec.Status == ExecStatus.Cancelled)
        {
            return new ReadEnd(false, exec.ExitCode, "read command was cancelled");
        }

        if (exec.ExitCode == 0 && exec.Status == ExecStatus.Succeeded)
        {
            return new ReadEnd(true, 0, null);
        }

        // Only its own end says that nothing was found: a search that was stopped has found nothing yet.
        if (exec.ExitCode == 1 && ReadCommands.IsSearch(command) && exec.Error == "command exited with status 1")
        {
            return new ReadEnd(true, 1, null);
        }

        return exec.ExitCode is null && exec.Error == ExecEnd.NotStarted(StartFailure.NoProgram(command)).Error
            ? new ReadEnd(false, 127, $"{command} is not installed in this sandbox's image")
            : new ReadEnd(false, exec.ExitCode, exec.Error);
    }
}
