using System.Diagnostics;

namespace Sleigh.Cli.Tests;

/// <summary>The script in a real bash, asking a real sleighctl.</summary>
public sealed class CompletionTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    private readonly FakeServer _server = FakeServer.Answering(request => FakeServer.Reply(200, request.Path switch
    {
        "/admin/sandboxes" => """{"items":[{"sandbox_id":"sbx_0123456789ab","name":"web"},{"sandbox_id":"sbx_0123456789cd"},{"sandbox_id":"sbx_1","name":"$(touch evil)"}]}""",
        "/sandboxes/sbx_0123456789ab/snapshots" => """{"items":[{"id":"snap_1","name":"before"},{"id":"snap_2"}]}""",
        "/sandboxes/sbx_0123456789cd/snapshots" or "/sandboxes/sbx_1/snapshots" => """{"items":[]}""",
        "/admin/images" => """{"items":[{"name":"python:3.11-slim"},{"name":"python:3.12"},{"name":"base"}]}""",
        "/admin/webhooks" => """{"items":[{"delivery_id":"whd_0123456789ab"},{"delivery_id":"whd_1"}]}""",
        "/admin/sessions" => """{"items":[{"session_id":"sid_0123456789ab"}]}""",
        _ => """{"items":[{"id":"exec_1"}]}""",
    }));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("sleighctl sna", "snapshot snapshots")]
    [InlineData("sleighctl snapshot ", "diff restore tree keep unkeep export to-image web sbx_0123456789cd")]
    [InlineData("sleighctl snapshot export b", "before")]
    [InlineData("sleighctl snapshot export before --format t", "tar.zst")]
    [InlineData("sleighctl snapshot to-image ", "before snap_2")]
    [InlineData("sleighctl image p", "pull prune")]
    [InlineData("sleighctl image pull --pl", "--platform")]
    [InlineData("sleighctl ls -o ", "table json yaml")]
    [InlineData("sleighctl top --sort c", "cpu")]
    [InlineData("sleighctl exec ", "web sbx_0123456789cd")]
    [InlineData("sleighctl exec w", "web")]
    [InlineData("sleighctl me", "memory")]
    [InlineData("sleighctl exp", "explain expand")]
    [InlineData("sleighctl memory w", "web")]
    [InlineData("sleighctl explain sbx", "sbx_0123456789cd")]
    [InlineData("sleighctl expand web ", "")]
    [InlineData("sleighctl rm web sbx", "sbx_0123456789cd")]
    [InlineData("sleighctl --quiet rollback web ", "before snap_2")]
    [InlineData("sleighctl snapshot diff ", "web sbx_0123456789cd")]
    [InlineData("sleighctl snapshot diff web before ", "before snap_2")]
    [InlineData("sleighctl snapshot restore web ", "before snap_2")]
    [InlineData("sleighctl snapshot restore web before ", "")]
    [InlineData("sleighctl create --image b", "base")]
    [InlineData("sleighctl create --image python:3.1", "3.11-slim 3.12")]
    [InlineData("sleighctl session rm ", "sid_0123456789ab")]
    [InlineData("sleighctl webhooks ", "list show retry secret")]
    [InlineData("sleighctl webhooks retry ", "whd_0123456789ab whd_1")]
    [InlineData("sleighctl webhooks list --state f", "failed")]
    [InlineData("sleighctl logs e", "exec_1")]
    [InlineData("sleighctl cp w", "web:/")]
    [InlineData("sleighctl exec web -- l", "")]
    [InlineData("sleighctl nonsense ", "")]
    public async Task Bash_is_offered(string line, string expected)
    {
        string script = Path.Combine(_folder, "completion");
        await File.WriteAllBytesAsync(script, (await CliRun.OfAsync(["completion", "bash"])).StdoutBytes);
        string test = $"""
            set -eu
            cd {_folder}
            sleighctl() {"{"} dotnet {AppContext.BaseDirectory}/sleighctl.dll --socket {_server.SocketPath} "$@"; {"}"}
            source {script}
            COMP_LINE='{line}' COMP_POINT={line.Length} COMP_CWORD=1 COMP_WORDS=(sleighctl x)
            _sleighctl
            echo "${"{"}COMPREPLY[*]{"}"}"
            """;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["--norc", "-c", test]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = bash.StandardError.ReadToEndAsync();
        string offered = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();

        Assert.Equal(("", expected), (await errors, offered.Trim()));
        Assert.False(File.Exists(_folder + "/evil"));
    }

    [Fact]
    public async Task Names_are_asked_for_in_silence_when_no_daemon_answers()
    {
        CliRun run = await CliRun.OfAsync(["__complete", "sandbox"], "/tmp/sl-none/s");

        Assert.Equal((0, "", ""), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.DoesNotContain("__complete", (await CliRun.OfAsync(["--help"])).Stdout, StringComparison.Ordinal);
    }
}
