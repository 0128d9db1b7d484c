using Sleigh.Linux;
using Sleigh.Runtime.Init;

namespace Sleigh.Runtime;

/// <summary>The reason a caller reads when a command never became a process.</summary>
internal static class StartFailure
{
    /// <summary>There is no such program.</summary>
    public static string NoProgram(string program) => $"no `{program}` in the image";

    /// <summary>One phrase, without engine text.</summary>
    public static string Describe(StartOutcome.Failed failed, ExecSpec spec)
    {
        string program = spec.Argv is { Count: > 0 } argv ? argv[0] : "sh";
        return failed switch
        {
            { Stage: StartStage.WorkingDirectory, Errno: Errno.ENOENT } => $"missing working directory {spec.Cwd ?? "of the image"}",
            { Stage: StartStage.WorkingDirectory, Errno: Errno.ENOTDIR } => $"working directory {spec.Cwd ?? "of the image"} is not a directory",
            { Stage: StartStage.WorkingDirectory } => $"working directory {spec.Cwd ?? "of the image"} cannot be entered ({failed.Errno})",
            { Stage: StartStage.Exec, Errno: Errno.ENOENT } => NoProgram(program),
            { Stage: StartStage.Exec, Errno: Errno.EACCES } => $"`{program}` may not be executed",
            { Stage: StartStage.Exec, Errno: Errno.ENOEXEC } => $"`{program}` is not a program for this machine",
            { Stage: StartStage.Exec, Errno: Errno.E2BIG } => "arguments and environment are too long",
            { Stage: StartStage.Clone, Errno: Errno.EAGAIN } => "the limit of processes is reached",
            { Errno: Errno.ENOMEM } => "not enough memory",
            _ => $"{failed.Stage} failed with {failed.Errno}",
        };
    }
}
