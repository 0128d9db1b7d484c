namespace Sleigh.Runtime.CodeWriting;

/// <summary>Builds the project of a written file with the sandbox's own tools.</summary>
internal static class Builds
{
    // In the words of cargo 1.x, whatever it would have had to do to the file.
    private const string LockRefused = "--locked was passed";

    /// <summary>Builds.</summary>
    /// <param name="file">The file that was written.</param>
    /// <param name="language">Whose build.</param>
    /// <param name="place">The sandbox.</param>
    /// <param name="output">Gets what it prints.</param>
    public static async Task<StageResult> RunAsync(SandboxFilePath file, CodeLanguage language, IWorkplace place, StageOutput output)
    {
        Project project = Project.Of(file, language, place);
        string directory = project.Directory;
        return language switch
        {
            CodeLanguage.Python => await RunAsync([new(directory, "python3", "-m", "compileall", "-q", ".")]),
            CodeLanguage.Go => await RunAsync([new(directory, "go", "build", "./...")]),
            CodeLanguage.Java => await RunAsync([new(directory, "mvn", "-q", "-DskipTests", "package")]),
            CodeLanguage.Rust => await CargoAsync(),
            _ when project.HasManifest => await RunAsync(NodeBuild.Commands(directory, place)),
            _ => StageResult.NotRun("there is no package.json in the file's directory or above"),
        };

        async Task<StageResult> RunAsync(IReadOnlyList<ToolCommand> commands)
        {
            foreach (ToolCommand command in commands)
            {
                ToolRun run = output.Add(await place.RunAsync(command));
                if (Ended(run, command) is StageResult ended)
                {
                    return ended;
                }
            }

            return StageResult.Passed;
        }

        // The lock file is held to. Where there is none, or it is behind the manifest, cargo refuses and may write it.
        async Task<StageResult> CargoAsync()
        {
            ToolCommand locked = new(directory, "cargo", "build", "--locked");
            ToolRun run = await place.RunAsync(locked);
            if (run.End == ToolEnd.Failed && run.ErrorText.Contains(LockRefused, StringComparison.Ordinal))
            {
                return await RunAsync([new(directory, "cargo", "build")]);
            }

            return Ended(output.Add(run), locked) ?? StageResult.Passed;
        }

        StageResult? Ended(ToolRun run, ToolCommand command) => run.NotRun(command.Program) is string reason ? StageResult.NotRun(reason)
            : run.End == ToolEnd.TimedOut ? StageResult.Failed(WriteFailure.BuildLate(language))
            : run.End == ToolEnd.Failed ? StageResult.Failed(WriteFailure.BuildFailed(language))
            : null;
    }
}
