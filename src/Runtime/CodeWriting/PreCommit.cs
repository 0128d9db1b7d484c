namespace Sleigh.Runtime.CodeWriting;

/// <summary>The hooks that a project has set up with pre-commit.</summary>
internal static class PreCommit
{
    private const string Program = "pre-commit";
    private const string Configuration = ".pre-commit-config.yaml";

    /// <summary>The directory of the nearest configuration, when a git work tree holds it; null: there is none.</summary>
    public static string? DirectoryFor(SandboxFilePath file, IWorkplace place) =>
        SandboxFilePath.UpFrom(file.Directory).FirstOrDefault(d => place.Exists(SandboxFilePath.Join(d, Configuration))) is string directory
        && SandboxFilePath.UpFrom(directory).Any(d => place.Exists(SandboxFilePath.Join(d, ".git")))
            ? directory
            : null;

    /// <summary>Runs the hooks for one file; null when pre-commit is not installed.</summary>
    public static async Task<StageResult?> RunAsync(SandboxFilePath file, string directory, IWorkplace place, StageOutput output)
    {
        ToolRun run = await place.RunAsync(new ToolCommand(directory, Program, "run", "--files", file.Text));
        if (run.End == ToolEnd.Missing)
        {
            return null;
        }

        output.Add(run);
        PreCommitReport report = PreCommitReport.Parse(run.Text);
        StageResult result = run.End switch
        {
            ToolEnd.Succeeded => StageResult.Passed,
            ToolEnd.Failed => StageResult.Failed(WriteFailure.PreCommitFailed),
            ToolEnd.TimedOut => StageResult.Failed(WriteFailure.PreCommitLate),
            _ => StageResult.NotRun(run.Reason ?? "pre-commit was not run"),
        };
        return result with
        {
            Mode = result.Status == StageStatus.NotRun ? null : CheckMode.PreCommit, FormatIssues = report.FormatIssues, LintIssues = report.LintIssues,
        };
    }
}
