using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Sleigh.Cli.Tty;

/// <summary>The settings of the terminal on standard input, by the program stty(1).</summary>
/// <remarks>
/// Termios has no managed interface but Console's, which changes more than asked and writes to standard output. Calls into libc belong to
/// the daemon's project for them. stty is part of coreutils; a call costs about two milliseconds and only interactive commands make one.
/// </remarks>
internal static class Stty
{
    /// <summary>Runs stty on the terminal of standard input.</summary>
    /// <returns>What it wrote, or null when it failed: no terminal, or no stty.</returns>
    public static string? Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("stty", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process stty = Process.Start(start)!;
            string output = stty.StandardOutput.ReadToEnd();
            stty.WaitForExit();
            return stty.ExitCode == 0 ? output.Trim() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Rows and columns of the terminal; null when there is none, or it does not know.</summary>
    /// <param name="isInputTerminal">False asks the terminal that controls the process instead of standard input.</param>
    public static TerminalSize? Size(bool isInputTerminal = true) =>
        TerminalSize.Parse(isInputTerminal ? Run("size") : Run("-F", "/dev/tty", "size"));
}

/// <summary>Rows and columns.</summary>
internal readonly record struct TerminalSize(ushort Rows, ushort Columns)
{
    /// <summary>What a terminal has that does not say.</summary>
    public static TerminalSize Usual => new(24, 80);

    /// <summary>Reads <c>24 80</c>; a terminal of no size gives null.</summary>
    public static TerminalSize? Parse(string? text) =>
        text?.Split(' ') is [var rows, var columns]
        && ushort.TryParse(rows, NumberStyles.None, CultureInfo.InvariantCulture, out ushort height)
        && ushort.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out ushort width)
        && height > 0 && width > 0
            ? new TerminalSize(height, width) : null;
}
