namespace Sleigh.Runtime.CodeWriting;

/// <summary>Checks a written file with the sandbox's own tools: the project's pre-commit hooks, else what its language has.</summary>
internal static class QualityChecks
{
    // Compiles and drops the code: no file is written, and no module that lies beside it is loaded.
    private const string PythonSyntax = """
        import sys
        path = sys.argv[1]
        try:
            with open(path, 'rb') as source:
                compile(source.read(), path, 'exec', dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            sys.excepthook(type(error), error, None)
            sys.exit(1)
        """;

    // What cargo, and rustup in its place, say of a subcommand that is a program of its own and is not there.
    private static readonly string[] NoSubcommand = ["no such command", "no such subcommand", "is not installed for the toolchain"];

    /// <summary>Runs them.</summary>
    /// <param name="file">The file, as it was written.</param>
    /// <param name="place">The sandbox.</param>
    /// <param name="output">Gets what they print.</param>
    public static async Task<StageResult> RunAsync(SandboxFilePath file, IWorkplace place, StageOutput output)
    {
        if (PreCommit.DirectoryFor(file, place) is string directory && await PreCommit.RunAsync(file, directory, place, output) is StageResult checkedBy)
        {
            return checkedBy;
        }

        return CodeLanguages.OfFile(file.Text) is CodeLanguage language
            ? await OfLanguageAsync(file, language, place, output)
            : StageResult.NotRun($"there is no check for {Kind(file)}");
    }

    private static async Task<StageResult> OfLanguageAsync(SandboxFilePath file, CodeLanguage language, IWorkplace place, StageOutput output)
    {
        Project project = Project.Of(file, language, place);
        if (Commands(file, language, project) is not { Count: > 0 } commands)
        {
            return StageResult.NotRun(language == CodeLanguage.Java
                ? "there is no check for .java files without a pom.xml"
                : $"there is no check for {Kind(file)} without a package.json");
        }

        foreach (ToolCommand command in commands)
        {
            ToolRun run = output.Add(await place.RunAsync(command));
            if ((run.NotRun(command.Program) ?? NoCargoFmt(run, command)) is string reason)
            {
                return StageResult.NotRun(reason);
            }

            WriteFailure? failure = run.End == ToolEnd.TimedOut ? WriteFailure.ChecksLate(language)
                : run.End == ToolEnd.Failed || (language == CodeLanguage.Go && run.Stdout.Total > 0) ? WriteFailure.ChecksFailed(language)
                : null;
            if (failure is not null)
            {
                return StageResult.Failed(failure) with { Mode = CheckMode.Language };
            }
        }

        return StageResult.Passed with { Mode = CheckMode.Language };
    }

    private static List<ToolCommand> Commands(SandboxFilePath file, CodeLanguage language, Project project)
    {
        string directory = project.Directory;
        return (language, project.HasManifest) switch
        {
            (CodeLanguage.Python, _) => [new(directory, "python3", "-I", "-B", "-c", PythonSyntax, file.Text)],
            (CodeLanguage.Go, _) => [new(directory, "gofmt", "-l", file.Text)],
            (CodeLanguage.Node, true) =>
            [
                new(directory, "npm", "-s", "run", "lint", "--if-present"),
                new(directory, "npm", "-s", "run", "format:check", "--if-present"),
            ],
            (CodeLanguage.Node, false) when Path.GetExtension(file.Text) is ".js" or ".mjs" or ".cjs" => [new(directory, "node", "--check", file.Text)],
            (CodeLanguage.Rust, true) => [new(directory, "cargo", "fmt", "--check")],
            (CodeLanguage.Rust, false) => [new(directory, "rustfmt", "--check", file.Text)],
            (CodeLanguage.Java, true) => [new(directory, "mvn", "-q", "-DskipTests", "verify")],
            _ => [],
        };
    }

    private static string? NoCargoFmt(ToolRun run, ToolCommand command) =>
        run.End == ToolEnd.Failed && command.Program == "cargo" && NoSubcommand.Any(words => run.ErrorText.Contains(words, StringComparison.Ordinal))
            ? "cargo fmt is not installed in the sandbox"
            : null;

    private static string Kind(SandboxFilePath file) => Path.GetExtension(file.Text) is { Length: > 1 } extension ? $"{extension} files" : "this kind of file";
}
