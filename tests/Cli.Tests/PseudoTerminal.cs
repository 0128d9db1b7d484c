using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sleigh.Cli.Tests;

/// <summary>
/// A shell line on a pseudo terminal. The settings of the terminal are taken before and after it; a file holds the terminal's name, so that
/// the test can change its size.
/// </summary>
public sealed class PseudoTerminal : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly Process _script;
    private readonly StringBuilder _seen = new();
    private readonly Task _reading;

    public PseudoTerminal(string line)
    {
        string shell = Path.Combine(_folder, "line");
        // A job in the background could not read the terminal, so the inner shell leaves its number behind and becomes the program.
        File.WriteAllText(shell, $"""
            tty > {_folder}/tty
            {Sizes(line)}
            stty -g > {_folder}/before
            sh -c 'echo $$ > {_folder}/pid; exec {Work(line)}'
            echo $? > {_folder}/code
            stty -g > {_folder}/after
            """);
        _script = Process.Start(new ProcessStartInfo("script", ["-q", "-c", $"sh {shell}", "/dev/null"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { ["TERM"] = "xterm", ["SHELL"] = "/bin/sh" },
        })!;
        _reading = ReadAsync();
    }

    /// <summary>Everything that was shown.</summary>
    public string Seen
    {
        get
        {
            lock (_seen)
            {
                return _seen.ToString();
            }
        }
    }

    public async Task TypeAsync(string keys)
    {
        await _script.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(keys));
        await _script.StandardInput.BaseStream.FlushAsync();
    }

    public async Task SeeAsync(string text)
    {
        for (long start = Stopwatch.GetTimestamp(); !Seen.Contains(text, StringComparison.Ordinal); await Task.Delay(20))
        {
            if (_script.HasExited)
            {
                // What it wrote last may be on its way.
                await _reading;
                Assert.Contains(text, Seen, StringComparison.Ordinal);
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Longest, $"'{text}' was not shown; shown was: {Seen}");
        }
    }

    public async Task ResizeAsync(int rows, int columns) =>
        await RunAsync("stty", "-F", (await File.ReadAllTextAsync(_folder + "/tty")).Trim(), "rows", Text(rows), "cols", Text(columns));

    public async Task SignalAsync(string signal) =>
        await RunAsync("kill", "-s", signal, (await File.ReadAllTextAsync(_folder + "/pid")).Trim());

    /// <summary>Waits for the end of the line.</summary>
    /// <returns>Its exit code, and whether the terminal has the settings it had before.</returns>
    public async Task<(int Code, bool AsBefore)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Longest);
        await _script.WaitForExitAsync(limit.Token);
        await _reading;
        return (
            int.Parse(await File.ReadAllTextAsync(_folder + "/code"), CultureInfo.InvariantCulture),
            await File.ReadAllTextAsync(_folder + "/before") == await File.ReadAllTextAsync(_folder + "/after"));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_script.HasExited)
        {
            _script.Kill(entireProcessTree: true);
            await _script.WaitForExitAsync();
        }

        await _reading;
        _script.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // What stands before the last semicolon prepares the terminal.
    private static string Sizes(string line) => line.LastIndexOf("; ", StringComparison.Ordinal) is >= 0 and var at ? line[..at] : ":";

    private static string Work(string line) => line[(line.LastIndexOf("; ", StringComparison.Ordinal) is >= 0 and var at ? at + 2 : 0)..];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[4096];
        for (int read; (read = await _script.StandardOutput.BaseStream.ReadAsync(buffer)) > 0;)
        {
            lock (_seen)
            {
                _seen.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
    }
}
