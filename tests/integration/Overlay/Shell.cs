using System.Diagnostics;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Runs programs of the host.</summary>
public static class Shell
{
    /// <summary>Runs to the end and returns the output; fails unless the status is 0.</summary>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {process.ExitCode}: {errors.Result}");
    }

    public static string Bash(string script) => Run("bash", "-ec", script);
}
