using System.Diagnostics;
using System.Text;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Tests;

/// <summary>sleighctl as a process of its own on a real pseudo terminal, made by script(1).</summary>
public sealed class TtyTests
{
    private static readonly string Sleighctl = Path.Combine(AppContext.BaseDirectory, "sleighctl.dll");

    [Fact]
    public async Task A_command_in_a_terminal_gets_every_key_the_size_and_its_changes_and_the_terminal_is_as_before()
    {
        List<string> sizes = [];
        await using var daemon = new FakeAttach(async connection =>
        {
            sizes.Add(Size(await connection.ReceiveAsync(1)));
            await connection.StdoutAsync("READY\r\n");
            byte[] typed = await TypedAsync(connection, 4);
            await connection.StdoutAsync($"GOT {Convert.ToHexString(typed)}\r\n");
            // stty sets rows and columns one after the other.
            string changed = Size(await connection.ReceiveAsync(1));
            sizes.Add(changed == "40x101" ? Size(await connection.ReceiveAsync(1)) : changed);
            await connection.StdoutAsync("RESIZED\r\n");
            await connection.ExitAsync(42, 0);
        });
        await using var terminal = new PseudoTerminal($"stty rows 33 cols 101; {Command(daemon, "exec -it", "-- sh")}");

        await terminal.SeeAsync("READY");
        // Ctrl-C, Ctrl-Z, Enter: in raw mode all of them belong to the command.
        await terminal.TypeAsync("\u0003\u001a\rx");
        await terminal.SeeAsync("GOT 031A0D78");
        await terminal.ResizeAsync(40, 120);
        await terminal.SeeAsync("RESIZED");

        Assert.Equal((42, true), await terminal.EndAsync());
        Assert.Equal(["33x101", "40x120"], sizes);
    }

    [Fact]
    public async Task Ctrl_P_Ctrl_Q_leaves_the_command_running()
    {
        await using var daemon = new FakeAttach(async connection =>
        {
            await connection.StdoutAsync("READY\r\n");
            while (await connection.ReceiveAsync() is not null)
            {
            }
        });
        await using var terminal = new PseudoTerminal(Command(daemon, "exec -it", "-- sh"));

        await terminal.SeeAsync("READY");
        await terminal.TypeAsync("a\u0010\u0011");

        await terminal.SeeAsync($"left {FakeAttach.Exec} running; sleighctl logs -f {FakeAttach.Exec} follows it");
        Assert.Equal((0, true), await terminal.EndAsync());
        Assert.DoesNotContain(daemon.Calls, c => c.Path.EndsWith("/cancel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task The_terminal_is_as_before_after_a_signal(string signal)
    {
        await using var daemon = new FakeAttach(async connection =>
        {
            await connection.StdoutAsync("READY\r\n");
            while (await connection.ReceiveAsync() is not null)
            {
            }
        });
        await using var terminal = new PseudoTerminal(Command(daemon, "exec -it", "-- sh"));

        await terminal.SeeAsync("READY");
        await terminal.SignalAsync(signal);
        if (signal == "TERM")
        {
            // The first one cancels the command, which does not end here; the second ends sleighctl.
            await UntilAsync(() => daemon.Calls.Any(c => c.Path.EndsWith("/cancel", StringComparison.Ordinal)));
            await terminal.SignalAsync(signal);
        }

        (int code, bool asBefore) = await terminal.EndAsync();
        Assert.NotEqual(0, code);
        Assert.True(asBefore);
    }

    [Fact]
    public async Task An_error_in_the_middle_leaves_the_terminal_as_before()
    {
        await using var daemon = new FakeAttach(async connection =>
        {
            await connection.StdoutAsync("READY\r\n");
            await connection.SendAsync(3, """{"error":"sandbox was deleted","code":"not_found"}"""u8.ToArray());
        });
        await using var terminal = new PseudoTerminal(Command(daemon, "exec -it", "-- sh"));

        await terminal.SeeAsync("sandbox was deleted");

        Assert.Equal((ExitCode.Failure, true), await terminal.EndAsync());
    }

    [Fact]
    public async Task Top_draws_takes_keys_and_gives_the_screen_back()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200,
            """{"time":"2026-01-05T09:00:00.000Z","host":{"logical_cores":4},"items":[{"sandbox_id":"sbx_1","name":"big","memory_used_bytes":9},{"sandbox_id":"sbx_2","name":"alpha","memory_used_bytes":1}]}"""));
        await using var terminal = new PseudoTerminal($"dotnet {Sleighctl} --socket {server.SocketPath} top --delay 0.2");

        await terminal.SeeAsync("by memory;");
        await terminal.TypeAsync("n");
        await terminal.SeeAsync("by name;");
        await terminal.TypeAsync("q");

        Assert.Equal((0, true), await terminal.EndAsync());
        Assert.StartsWith("\u001b[?1049h", terminal.Seen[terminal.Seen.IndexOf('\u001b', StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains("\u001b[?1049l", terminal.Seen, StringComparison.Ordinal);
        string last = terminal.Seen[terminal.Seen.LastIndexOf("by name;", StringComparison.Ordinal)..];
        Assert.DoesNotContain("sbx_", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_top_of_so_many_pictures_stays_on_the_terminal()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"time":"2026-01-05T09:00:00.000Z","host":{"logical_cores":4},"items":[{"sandbox_id":"sbx_1","name":"big","memory_used_bytes":9}]}"""));
        await using var terminal = new PseudoTerminal($"dotnet {Sleighctl} --socket {server.SocketPath} top -n 1");

        await terminal.SeeAsync("sbx_1");

        Assert.Equal((0, true), await terminal.EndAsync());
        Assert.DoesNotContain("\u001b[?1049h", terminal.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_on_a_terminal_draws_bars_and_nothing_of_them_on_standard_output()
    {
        await using var server = new FakeServer(_ => throw new InvalidOperationException("not asked"))
        {
            TakesOver = async (_, stream, token) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), token);
                foreach (int received in (int[])[0, 400_000, 1_000_000])
                {
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(
                        $$$"""{"pull":{"stage":"downloading","layers":[{"digest":"sha256:0123456789abcdef","size":1000000,"received":{{{received}}},"state":"downloading"}]}}""" + "\n"), token);
                    await Task.Delay(300, token);
                }

                await stream.WriteAsync("{\"image\":{\"name\":\"app:1\",\"size_bytes\":1000000}}\n"u8.ToArray(), token);
                return true;
            },
        };
        string output = Path.GetTempFileName();
        await using var terminal = new PseudoTerminal($"dotnet {Sleighctl} --socket {server.SocketPath} image pull app:1 > {output}");

        await terminal.SeeAsync("0123456789ab downloading");
        Assert.Equal((0, true), await terminal.EndAsync());

        Assert.Equal("app:1\n", await File.ReadAllTextAsync(output));
        Assert.Contains("977 KB in ", terminal.Seen, StringComparison.Ordinal);
        File.Delete(output);
    }

    [Theory]
    [InlineData("33 101", 33, 101)]
    [InlineData("0 0", null, null)]
    [InlineData("24", null, null)]
    [InlineData("24 x", null, null)]
    [InlineData("99999 80", null, null)]
    [InlineData("", null, null)]
    [InlineData(null, null, null)]
    public void A_size_is_read_or_it_is_none(string? text, int? rows, int? columns)
    {
        TerminalSize? size = TerminalSize.Parse(text);

        Assert.Equal((rows, columns), ((int?)size?.Rows, (int?)size?.Columns));
    }

    [Theory]
    [InlineData("ab", "ab", false)]
    [InlineData("a\u0010\u0011b", "a", true)]
    [InlineData("\u0010x", "\u0010x", false)]
    [InlineData("\u0010\u0010\u0011", "\u0010", true)]
    [InlineData("\u0011", "\u0011", false)]
    public void Ctrl_P_is_held_back_until_the_next_key_shows_what_it_was(string typed, string expected, bool detach)
    {
        // All at once, and key by key, give the same.
        (byte[] atOnce, bool left) = new DetachKeys().Filter(Encoding.ASCII.GetBytes(typed));
        var keys = new DetachKeys();
        string byKey = "";
        foreach (char key in typed)
        {
            (byte[] some, bool leaves) = keys.Filter([(byte)key]);
            byKey += Encoding.ASCII.GetString(some);
            if (leaves)
            {
                break;
            }
        }

        Assert.Equal((expected, detach, expected), (Encoding.ASCII.GetString(atOnce), left, byKey));
    }

    private static string Command(FakeAttach daemon, string verb, string rest) =>
        $"dotnet {Sleighctl} --socket {daemon.SocketPath} {verb} {FakeAttach.Sandbox} {rest}";

    private static string Size(byte[] payload) => $"{(payload[0] << 8) | payload[1]}x{(payload[2] << 8) | payload[3]}";

    private static async Task<byte[]> TypedAsync(FakeAttach.Connection connection, int count)
    {
        List<byte> typed = [];
        while (typed.Count < count)
        {
            typed.AddRange(await connection.ReceiveAsync(0));
        }

        return [.. typed];
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long start = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(20))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "it did not happen within 30 s");
        }
    }
}
