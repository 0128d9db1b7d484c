using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class BuildsTests
{
    private readonly FakeWorkplace _place = new();
    private readonly StageOutput _output = new(10_000, 500);

    [Theory]
    [InlineData("python", "/w/a/x.py", "/w/setup.py", "python3 -m compileall -q .")]
    [InlineData("golang", "/w/a/x.go", "/w/go.mod", "go build ./...")]
    [InlineData("java", "/w/a/X.java", "/w/pom.xml", "mvn -q -DskipTests package")]
    [InlineData("rust", "/w/src/x.rs", "/w/Cargo.toml", "cargo build --locked")]
    [InlineData("ts", "/w/a/x.ts", "/w/package.json", "npm install")]
    public async Task Each_language_is_built_in_its_project_and_every_end_has_its_words(string name, string path, string manifest, string command)
    {
        CodeLanguage language = CodeLanguages.Named(name)!.Value;
        string program = command.Split(' ')[0];
        _place.Has(manifest);
        StageResult missing = await RunAsync(path, language);
        _place.Ends(command, ToolEnd.Succeeded, "done\n");
        StageResult passed = await RunAsync(path, language);
        _place.Ends(command, ToolEnd.Failed);
        StageResult failed = await RunAsync(path, language);
        _place.Ends(command, ToolEnd.TimedOut);
        StageResult late = await RunAsync(path, language);

        string shown = CodeLanguages.NameOf(language);
        Assert.Equal((StageStatus.NotRun, $"{program} is not installed in the sandbox"), (missing.Status, missing.Reason));
        Assert.Equal((StageStatus.Passed, null), (passed.Status, passed.Reason));
        Assert.Equal(("build_failed", $"build failed for language \"{shown}\"", false), (failed.Failure!.Code, failed.Failure.Error, failed.Failure.TimedOut));
        Assert.Equal(("timed_out", $"build timed out for language \"{shown}\"", true), (late.Failure!.Code, late.Failure.Error, late.Failure.TimedOut));
        Assert.All(_place.Ran, ran => Assert.Equal($"/w: {command}", ran));
        Assert.Equal("done\n", _output.Cut().Stdout);
    }

    [Theory]
    [InlineData("package-lock.json", "npm ci", "npm run build")]
    [InlineData("npm-shrinkwrap.json", "npm ci", "npm run build")]
    [InlineData("pnpm-lock.yaml", "pnpm install", "pnpm run build")]
    [InlineData("yarn.lock", "yarn install", "yarn run build")]
    [InlineData("other", "npm install", "npm run build")]
    public async Task The_lock_file_names_the_manager_and_the_build_script_is_run(string lockFile, string install, string build)
    {
        _place.Has("/w/package.json", """{"scripts":{"build":"tsc"}}""").Has($"/w/{lockFile}").Ends(install.Split(' ')[0], ToolEnd.Succeeded);

        Assert.Equal(StageStatus.Passed, (await RunAsync("/w/x.ts", CodeLanguage.Node)).Status);
        Assert.Equal([$"/w: {install}", $"/w: {build}"], _place.Ran);
    }

    [Theory]
    [InlineData("""{"scripts":{"test":"x"}}""")]
    [InlineData("""{"scripts":{"build":1}}""")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    public async Task Without_a_build_script_only_packages_are_installed(string manifest)
    {
        _place.Has("/w/package.json", manifest).Ends("npm", ToolEnd.Succeeded);

        Assert.Equal(StageStatus.Passed, (await RunAsync("/w/x.ts", CodeLanguage.Node)).Status);
        Assert.Equal(["/w: npm install"], _place.Ran);
    }

    [Fact]
    public async Task A_failed_install_ends_the_build()
    {
        _place.Has("/w/package.json", """{"scripts":{"build":"tsc"}}""").Ends("npm install", ToolEnd.Failed).Ends("npm run build", ToolEnd.Succeeded);

        Assert.Equal(StageStatus.Failed, (await RunAsync("/w/x.ts", CodeLanguage.Node)).Status);
        Assert.Single(_place.Ran);
    }

    [Fact]
    public async Task Node_without_a_manifest_is_not_built() => Assert.Equal(
        StageResult.NotRun("there is no package.json in the file's directory or above").Reason, (await RunAsync("/w/x.ts", CodeLanguage.Node)).Reason);

    [Fact]
    public async Task Cargo_is_asked_again_without_the_lock_only_when_the_lock_was_the_matter()
    {
        _place.Has("/w/Cargo.toml")
            .Ends("cargo build --locked", ToolEnd.Failed, stderr: "error: the lock file /w/Cargo.lock needs to be updated but --locked was passed to prevent this\n")
            .Ends("cargo build", ToolEnd.Succeeded, stderr: "Finished\n");
        StageResult unlocked = await RunAsync("/w/src/x.rs", CodeLanguage.Rust);
        _place.Ends("cargo build --locked", ToolEnd.Failed, stderr: "error[E0425]: cannot find value\n");
        StageResult broken = await RunAsync("/w/src/x.rs", CodeLanguage.Rust);

        Assert.Equal((StageStatus.Passed, StageStatus.Failed), (unlocked.Status, broken.Status));
        Assert.Equal(["/w: cargo build --locked", "/w: cargo build", "/w: cargo build --locked"], _place.Ran);
        Assert.Equal("Finished\nerror[E0425]: cannot find value\n", _output.Cut().Stderr);
    }

    [Theory]
    [InlineData("GO", CodeLanguage.Go)]
    [InlineData("golang", CodeLanguage.Go)]
    [InlineData("python", CodeLanguage.Python)]
    [InlineData("py", CodeLanguage.Python)]
    [InlineData("node", CodeLanguage.Node)]
    [InlineData("javascript", CodeLanguage.Node)]
    [InlineData("js", CodeLanguage.Node)]
    [InlineData("typescript", CodeLanguage.Node)]
    [InlineData("ts", CodeLanguage.Node)]
    [InlineData("rust", CodeLanguage.Rust)]
    [InlineData("java", CodeLanguage.Java)]
    public void Languages_have_these_names(string name, CodeLanguage language) => Assert.Equal(language, CodeLanguages.Named(name));

    [Fact]
    public void Others_have_none() => Assert.Null(CodeLanguages.Named("cobol"));

    private Task<StageResult> RunAsync(string path, CodeLanguage language) => Builds.RunAsync(FakeWorkplace.Path(path), language, _place, _output);
}
