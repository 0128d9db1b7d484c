using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

/// <summary>Secrets get to the daemon without standing on a command line.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Sandbox = "sbx_0123456789ab";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-");

    private string File => Path.Combine(_folder.FullName, "token");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task They_come_from_files_standard_input_and_variables()
    {
        await System.IO.File.WriteAllTextAsync(File, "from file\n\n");
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(201, """{"sandbox_id":"sbx_0123456789ab","status":"running"}"""));

        CliRun run = await CliRun.OfAsync(
            ["create", "--secret", $"A=@{File}", "--secret", "B=@-", "--secret", "C"], server.SocketPath, "from input\r\n"u8.ToArray(),
            name => name == "C" ? "from variable" : null);

        Assert.Equal((0, Sandbox + "\n"), (run.ExitCode, run.Stdout));
        Assert.Equal("""{"secrets":{"A":"from file\n","B":"from input","C":"from variable"}}""", Assert.Single(server.Requests).Text);
    }

    [Fact]
    public async Task A_command_gets_its_own_and_they_are_sent_again_with_each_try()
    {
        await System.IO.File.WriteAllTextAsync(File, "x");
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"id":"exec_0123456789ab","status":"succeeded","exit_code":0,"stdout":"","stderr":"","stdout_bytes":0,"stderr_bytes":0}"""));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--secret", $"A=@{File}", "--", "true"], server.SocketPath);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("""{"A":"x"}""", JsonNode.Parse(Assert.Single(server.Requests).Body)!["secrets"]!.ToJsonString());
    }

    [Fact]
    public async Task They_are_set_anew_and_taken_away()
    {
        await System.IO.File.WriteAllTextAsync(File, "x");
        await using FakeServer server = FakeServer.Answering(request => FakeServer.Reply(
            200, request.Text.Contains('x', StringComparison.Ordinal) ? """{"sandbox_id":"sbx_0123456789ab","secret_names":["A"]}""" : """{"sandbox_id":"sbx_0123456789ab"}"""));

        CliRun set = await CliRun.OfAsync(["secrets", Sandbox, "--secret", $"A=@{File}"], server.SocketPath);
        CliRun cleared = await CliRun.OfAsync(["secrets", Sandbox, "--clear"], server.SocketPath);

        Assert.Equal(($"{Sandbox} has the secrets A\n", $"{Sandbox} has no secrets\n"), (set.Stdout, cleared.Stdout));
        Assert.Equal(["""{"secrets":{"A":"x"}}""", """{"secrets":{}}"""], server.Requests.Select(r => r.Text));
        Assert.All(server.Requests, r => Assert.Equal(("PUT", $"/sandboxes/{Sandbox}/secrets"), (r.Method, r.Target)));
        Assert.Equal(ExitCode.Usage, (await CliRun.OfAsync(["secrets", Sandbox], server.SocketPath)).ExitCode);
    }

    [Theory]
    [InlineData("A=value-itself", "--secret must be NAME=@FILE, NAME=@- or NAME alone, which takes the variable of that name")]
    [InlineData("=@x", "--secret must be NAME=@FILE, NAME=@- or NAME alone, which takes the variable of that name")]
    [InlineData("A=", "--secret must be NAME=@FILE, NAME=@- or NAME alone, which takes the variable of that name")]
    [InlineData("MISSING", "--secret MISSING is not set here; write MISSING=@FILE")]
    public async Task A_value_on_the_command_line_is_refused_and_not_repeated(string given, string sentence)
    {
        CliRun run = await CliRun.OfAsync(["create", "--secret", given], "/tmp/sl-none/s");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith($"sleighctl: {sentence}\n", run.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain("value-itself", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_input_that_is_the_commands_is_not_taken()
    {
        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--secret", "A=@-", "--", "cat"], "/tmp/sl-none/s");

        Assert.Equal((ExitCode.Usage, "sleighctl: --secret A=@- cannot read standard input, which is the command's\n"), (run.ExitCode, run.Stderr));
    }
}
