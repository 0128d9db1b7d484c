using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

public sealed class AttachTests
{
    private const string Sandbox = FakeAttach.Sandbox;
    private const string Exec = FakeAttach.Exec;

    [Fact]
    public async Task Standard_input_of_any_size_goes_through_byte_for_byte_and_comes_back()
    {
        byte[] input = RandomNumberGenerator.GetBytes(3_000_001);
        await using var daemon = new FakeAttach(async connection =>
        {
            // cat
            int count = 0;
            while (await connection.ReceiveAsync() is (0, var bytes))
            {
                count += bytes.Length;
                await connection.SendAsync(0, bytes);
            }

            await connection.ExitAsync(0, count);
        });

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--", "cat"], daemon.SocketPath, input);

        Assert.Equal((0, ""), (run.ExitCode, run.Stderr));
        Assert.True(input.AsSpan().SequenceEqual(run.StdoutBytes));
        Assert.Equal("""{"argv":["cat"],"stdin_stream":true}""", daemon.Calls.First().Text);
    }

    [Fact]
    public async Task The_exit_code_both_streams_and_the_options_are_passed_on()
    {
        await using var daemon = new FakeAttach(async connection =>
        {
            await connection.ReceiveAsync(2);
            await connection.StdoutAsync("out\n");
            await connection.SendAsync(1, "err\n"u8.ToArray());
            await connection.ExitAsync(7, 4);
        });

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "-c", "x", "-w", "/srv", "-e", "A=1"], daemon.SocketPath);
        CliRun json = await CliRun.OfAsync(["exec", "-i", Sandbox, "-o", "json", "-c", "x"], daemon.SocketPath);

        Assert.Equal((7, "out\n", "err\n"), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.Equal("""{"command":"x","cwd":"/srv","env":{"A":"1"},"stdin_stream":true}""", daemon.Calls.First().Text);
        Assert.Equal((7, "out\n", "err\n"), (json.ExitCode, (string?)json.Json["stdout"], (string?)json.Json["stderr"]));
    }

    [Fact]
    public async Task A_daemon_that_is_restarted_is_attached_to_again_and_no_byte_comes_twice()
    {
        string all = "one\ntwo\nthree\n";
        await using var daemon = new FakeAttach(async connection =>
        {
            int offset = int.Parse(connection.Request.Query["stdout_offset"], System.Globalization.CultureInfo.InvariantCulture);
            if (connection.Number < 3)
            {
                // The connection ends in the middle of the output.
                await connection.StdoutAsync(all[offset..(offset + 4)]);
                return;
            }

            await connection.ReceiveAsync(2);
            await connection.StdoutAsync(all[offset..]);
            await connection.ExitAsync(0, all.Length);
        });

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--", "x"], daemon.SocketPath);

        Assert.Equal((0, all, ""), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.Equal(3, daemon.Connections);
        Assert.Single(daemon.Calls, c => c.Path.EndsWith("/exec", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Input_that_was_on_its_way_when_the_connection_broke_is_not_passed_over_in_silence()
    {
        await using var daemon = new FakeAttach(async connection => await connection.ReceiveAsync(0));

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--", "cat"], daemon.SocketPath, new byte[1_000_000]);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains($"broke while standard input was being sent; part of it may be lost, so {Exec} was cancelled", run.Stderr, StringComparison.Ordinal);
        Assert.Contains(daemon.Calls, c => c.Target == $"/sandboxes/{Sandbox}/exec/{Exec}/cancel");
    }

    [Fact]
    public async Task Ctrl_C_cancels_the_command_and_waits_for_its_end()
    {
        using var interrupt = new CancellationTokenSource();
        await using var daemon = new FakeAttach(async connection =>
        {
            await connection.StdoutAsync("started\n");
            await interrupt.CancelAsync();
            await Task.Delay(200);
            await connection.SendAsync(2, """{"status":"cancelled","exit_code":143}"""u8.ToArray());
        });

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--", "x"], daemon.SocketPath, cancellationToken: interrupt.Token);

        Assert.Equal((ExitCode.Interrupted, "started\n"), (run.ExitCode, run.Stdout));
        Assert.Single(daemon.Calls, c => c.Path.EndsWith("/cancel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(3, """{"error":"sandbox was deleted","code":"not_found"}""", "sleighctl: sandbox was deleted\n")]
    [InlineData(2, "nonsense", "sleighctl: the daemon's last frame is not a JSON object\n")]
    public async Task An_error_on_the_channel_is_its_sentence(byte type, string payload, string expected)
    {
        await using var daemon = new FakeAttach(connection => connection.SendAsync(type, Encoding.UTF8.GetBytes(payload)));

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--", "x"], daemon.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith(expected, run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_cannot_attach_is_an_error_and_not_waited_for()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Path.EndsWith("/attach", StringComparison.Ordinal)
            ? FakeServer.Reply(200, "{}") : FakeServer.Reply(202, $$"""{"id":"{{Exec}}"}"""));

        CliRun run = await CliRun.OfAsync(["exec", "-i", Sandbox, "--", "x"], server.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("with status 200 instead of sleigh-attach", run.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-t needs a terminal, and standard input is none", "exec", "-it", Sandbox, "--", "sh")]
    [InlineData("-t is for a person at a terminal", "exec", "-it", Sandbox, "-o", "json", "--", "sh")]
    public async Task A_terminal_that_is_not_there_is_a_usage_error(string expected, params string[] arguments)
    {
        CliRun run = await CliRun.OfAsync(arguments, "/tmp/sl-none/s");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_without_input_gets_the_usual_size_and_a_TERM()
    {
        await using var daemon = new FakeAttach(async connection =>
        {
            await connection.StdoutAsync("\u001b[1mhello\r\n");
            await connection.ExitAsync(0, 11);
        });

        CliRun run = await CliRun.OfAsync(
            ["exec", "-t", Sandbox, "--", "sh"], daemon.SocketPath, environment: name => name == "TERM" ? "xterm-256color" : null);

        Assert.Equal((0, "\u001b[1mhello\r\n"), (run.ExitCode, run.Stdout));
        JsonNode body = JsonNode.Parse(daemon.Calls.First().Body)!;
        Assert.Equal("xterm-256color", (string?)body["env"]!["TERM"]);
        Assert.True((int)body["terminal"]!["rows"]! > 0 && (int)body["terminal"]!["columns"]! > 0);
        Assert.Null(body["stdin_stream"]);
    }
}
