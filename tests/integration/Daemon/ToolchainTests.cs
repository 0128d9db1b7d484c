using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Code writes with Debian's own Python, Node, Go and pre-commit inside the sandbox: each check passing and failing.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ToolchainTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.InitBinary, Need.Mmdebstrap)]
    public async Task Python_is_checked_and_built_and_a_check_leaves_nothing_behind()
    {
        await using TestSandbox sandbox = await SandboxAsync();
        await sandbox.RunAsync("mkdir -p /app/pkg; touch /app/pyproject.toml; echo 'raise SystemExit(7)' > /app/pkg/sitecustomize.py");

        JsonObject good = await WriteAsync(sandbox, Replace("/app/pkg/main.py", "x: int = 1\nprint(f'{x=}')\n"));
        Assert.Equal(("ok", "passed", "language", "not_run"), Verdict(good));
        Assert.Equal("main.py\nsitecustomize.py\n", await sandbox.RunAsync("ls -A /app/pkg"));

        JsonObject bad = await WriteAsync(sandbox, Edit("/app/pkg/main.py", "x: int = 1", "x: int = = 1").With("build_language", "python").With("revert_on_failure", true));
        Assert.Equal(("error", "failed", "language", "not_run"), Verdict(bad));
        Assert.Equal(("quality_failed", "language quality checks failed for \"python\"", true), (Text(bad, "code"), Text(bad, "error"), (bool)bad["reverted"]!));
        Assert.Equal("context edit applied: file=main.py occurrence=1 matches=1\n", Text(bad, "stdout"));
        Assert.Contains("File \"/app/pkg/main.py\", line 1", Text(bad, "stderr"), StringComparison.Ordinal);
        Assert.Contains("SyntaxError: invalid syntax\n", Text(bad, "stderr"), StringComparison.Ordinal);
        Assert.Equal("x=1\n", await sandbox.RunAsync("python3 -I /app/pkg/main.py"));

        JsonObject built = await WriteAsync(sandbox, Edit("/app/pkg/main.py", "= 1", "= 2").With("build_language", "py"));
        Assert.Equal(("ok", "passed", "language", "passed"), Verdict(built));
        Assert.Equal("main.cpython-311.pyc\n", await sandbox.RunAsync("ls /app/pkg/__pycache__ | grep main"));
        await sandbox.RunAsync("echo 'def (' > /app/broken.py");
        JsonObject broken = await WriteAsync(sandbox, Edit("/app/pkg/main.py", "= 2", "= 3").With("build_language", "python").With("revert_on_failure", true));
        Assert.Equal(("error", "passed", "language", "failed"), Verdict(broken));
        Assert.Equal(("build_failed", "build failed for language \"python\"", true), (Text(broken, "code"), Text(broken, "error"), (bool)broken["reverted"]!));
        Assert.Equal("x=2\n", await sandbox.RunAsync("python3 -I /app/pkg/main.py"));
    }

    [HostFact(Need.Root, Need.InitBinary, Need.Mmdebstrap)]
    public async Task Go_is_checked_and_built()
    {
        await using TestSandbox sandbox = await SandboxAsync();
        await WriteAsync(sandbox, Replace("/src/go.mod", "module example.com/hello\n\ngo 1.19\n"));

        JsonObject good = await WriteAsync(
            sandbox, Replace("/src/main.go", "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"hello\")\n}\n").With("build_language", "go"));
        Assert.Equal(("ok", "passed", "language", "passed"), Verdict(good));
        JsonObject unformatted = await WriteAsync(sandbox, Edit("/src/main.go", "\tfmt", "    fmt").With("build_language", "golang"));
        Assert.Equal(("error", "failed", "language", "not_run"), Verdict(unformatted));
        Assert.Equal("context edit applied: file=main.go occurrence=1 matches=1\n/src/main.go\n", Text(unformatted, "stdout"));
        JsonObject syntax = await WriteAsync(sandbox, Edit("/src/main.go", "    fmt.Println(", "\tfmt.Println(("));
        Assert.Equal(("quality_failed", "language quality checks failed for \"go\""), (Text(syntax, "code"), Text(syntax, "error")));
        Assert.StartsWith("/src/main.go:6:", Text(syntax, "stderr"), StringComparison.Ordinal);
        JsonObject undefined = await WriteAsync(
            sandbox, Edit("/src/main.go", "fmt.Println((\"hello\")", "fmt.Println(hello)").With("build_language", "go").With("revert_on_failure", true));
        Assert.Equal(("error", "passed", "language", "failed"), Verdict(undefined));
        Assert.Equal(("build_failed", "build failed for language \"go\"", true), (Text(undefined, "code"), Text(undefined, "error"), (bool)undefined["reverted"]!));
        Assert.Contains("./main.go:6:14: undefined: hello\n", Text(undefined, "stderr"), StringComparison.Ordinal);
        Assert.Equal("1\n", await sandbox.RunAsync("grep -c 'Println((' /src/main.go"));
    }

    [HostFact(Need.Root, Need.InitBinary, Need.Mmdebstrap)]
    public async Task Node_is_checked_and_what_it_cannot_check_is_not_run()
    {
        await using TestSandbox sandbox = await SandboxAsync();

        Assert.Equal(("ok", "passed", "language", "not_run"), Verdict(await WriteAsync(sandbox, Replace("/w/a.js", "const a = 1;\nconsole.log(a);\n"))));
        JsonObject bad = await WriteAsync(sandbox, Edit("/w/a.js", "= 1;", "= ;").With("revert_on_failure", true));
        Assert.Equal(("error", "failed", "language", "not_run"), Verdict(bad));
        Assert.Equal(("quality_failed", "language quality checks failed for \"node\"", true), (Text(bad, "code"), Text(bad, "error"), (bool)bad["reverted"]!));
        Assert.Contains("SyntaxError: Unexpected token ';'", Text(bad, "stderr"), StringComparison.Ordinal);
        Assert.Equal("1\n", await sandbox.RunAsync("node /w/a.js"));
        Assert.Equal("passed", Text(await WriteAsync(sandbox, Replace("/w/b.mjs", "await 1;\n")), "quality_checks_status"));
        Assert.Equal("there is no check for .ts files without a package.json", Text(await WriteAsync(sandbox, Replace("/w/c.ts", "x")), "quality_checks_reason"));
        await WriteAsync(sandbox, Replace("/w/package.json", "{}"));
        Assert.Equal("npm is not installed in the sandbox", Text(await WriteAsync(sandbox, Replace("/w/c.ts", "x")), "quality_checks_reason"));
    }

    [HostFact(Need.Root, Need.InitBinary, Need.Mmdebstrap)]
    [ContractLine("K2", Part = "checks run in the sandbox")]
    public async Task Hooks_of_pre_commit_run_inside_the_sandbox_and_a_hostile_one_touches_nothing_of_the_host()
    {
        using TestDirectory canary = new();
        await File.WriteAllTextAsync(canary["secret"], "host-secret");
        IReadOnlyList<string> before = TreeManifest.Of(canary.Path);
        string mark = $"sleigh-mark-{Guid.NewGuid():N}";
        await using TestSandbox sandbox = await SandboxAsync();
        await sandbox.RunAsync("mkdir /repo; cd /repo; git init -q");
        await WriteAsync(sandbox, Replace("/repo/.pre-commit-config.yaml", $$"""
            repos:
            - repo: local
              hooks:
              - {id: trim-whitespace, name: trim trailing whitespace, language: system, entry: "sed -i 's/ *$//'", files: '\.txt$'}
              - {id: our-lint, name: our lint, language: system, entry: "grep -n TODO", files: '\.todo$'}
              - {id: evil, name: evil, language: system, files: '\.evil$', entry: "sh /repo/evil.sh"}
            """));
        await WriteAsync(sandbox, Replace("/repo/evil.sh", $$"""
            id -u; hostname
            for to in {{canary.Path}} /proc/1/root{{canary.Path}} /proc/1/cwd {{fixture.Daemon.Folder}} {{fixture.Daemon.StateDir}} /tmp /etc /dev/shm /sys/fs/cgroup; do
              mkdir -p $to; echo x > $to/{{mark}}; cat $to/secret
            done
            mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk; mount -t tmpfs none /mnt; echo c > /proc/sysrq-trigger; echo 1 > /proc/sys/vm/drop_caches
            chroot /proc/1/root ls {{canary.Path}}; kill -9 1 {{Environment.ProcessId}} {{fixture.Daemon.Pid}}
            cat /proc/1/environ /proc/1/root/etc/shadow 2>/dev/null | head -c 100
            exit 1
            """));

        JsonObject clean = await WriteAsync(sandbox, Replace("/repo/a/b.txt", "clean\n"));
        Assert.Equal(("ok", "passed", "pre_commit", "not_run"), Verdict(clean));
        await sandbox.RunAsync("cd /repo; git add -A");
        JsonObject trimmed = await WriteAsync(sandbox, Replace("/repo/a/b.txt", "dirty   \n").With("revert_on_failure", true));
        Assert.Equal(("quality_failed", "pre-commit checks failed; fix issues and retry", true), (Text(trimmed, "code"), Text(trimmed, "error"), (bool)trimmed["reverted"]!));
        Assert.Equal("""["trim-whitespace: files were modified by this hook"]""", trimmed["format_issues"]!.ToJsonString());
        Assert.Equal("clean\n", await sandbox.RunAsync("cat /repo/a/b.txt"));
        JsonObject kept = await WriteAsync(sandbox, Replace("/repo/a/b.txt", "dirty   \n"));
        Assert.Equal(("error", 6L), (Text(kept, "status"), (long)kept["bytes_written"]!));

        JsonObject evil = await WriteAsync(sandbox, Replace("/repo/x.evil", "x").With("max_output_bytes", 1_000_000));
        Assert.Equal(("error", "failed", "pre_commit", "not_run"), Verdict(evil));
        string said = Text(evil, "stdout") + Text(evil, "stderr");
        Assert.DoesNotContain("host-secret", said, StringComparison.Ordinal);
        Assert.Contains("evil: ", string.Join('\n', evil["lint_issues"]!.AsArray().Select(l => (string)l!)), StringComparison.Ordinal);
        TreeManifest.AssertEqual(before, TreeManifest.Of(canary.Path));
        foreach (string place in (string[])["/tmp", "/etc", "/dev/shm", "/sys/fs/cgroup", fixture.Daemon.Folder, fixture.Daemon.StateDir])
        {
            Assert.False(Path.Exists($"{place}/{mark}"), $"written to {place} of the host");
        }

        Assert.Equal($"{canary.Path}/{mark}\n", await sandbox.RunAsync($"ls {canary.Path}/{mark}"));
        Assert.True(fixture.Daemon.IsAlive);
    }

    [HostFact(Need.Root, Need.InitBinary, Need.Mmdebstrap)]
    public async Task Without_a_work_tree_the_language_checks_though_pre_commit_is_installed()
    {
        await using TestSandbox sandbox = await SandboxAsync();
        await sandbox.RunAsync("mkdir /plain; echo 'repos: []' > /plain/.pre-commit-config.yaml");

        Assert.Equal(("ok", "passed", "language", "not_run"), Verdict(await WriteAsync(sandbox, Replace("/plain/a.py", "x = 1\n"))));
    }

    private static JsonObject Replace(string path, string content) =>
        JsonFields.Of("sandbox_path", path).With("write_mode", "replace_file").With("content", content);

    private static JsonObject Edit(string path, string old, string replacement) =>
        JsonFields.Of("sandbox_path", path).With("old_text", old).With("new_text", replacement);

    private static string Text(JsonObject reply, string name) => (string?)reply[name] ?? throw new InvalidOperationException($"no {name} in {reply.ToJsonString()}");

    private static (string Status, string Checks, string? Mode, string Build) Verdict(JsonObject reply) =>
        (Text(reply, "status"), Text(reply, "quality_checks_status"), (string?)reply["quality_checks_mode"], Text(reply, "build_status"));

    private Task<TestSandbox> SandboxAsync() => fixture.SandboxAsync(TestImages.Toolchains, JsonFields.Of("memory_limit_mb", 512));

    private Task<JsonObject> WriteAsync(TestSandbox sandbox, JsonObject request) =>
        fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/ops/code/write", request, 200);
}
