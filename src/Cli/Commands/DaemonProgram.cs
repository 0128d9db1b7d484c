using System.ComponentModel;
using System.Diagnostics;

namespace Sleigh.Cli.Commands;

/// <summary>The installed sleighd, run for what it can answer without serving.</summary>
/// <param name="Path">Where it is.</param>
internal sealed record DaemonProgram(string Path)
{
    /// <summary>The program: beside this one, in the folders it is installed to, or in PATH.</summary>
    /// <param name="host">For PATH.</param>
    /// <param name="purpose">What it is needed for, as the end of a sentence: <c>it is what checks a configuration</c>.</param>
    /// <exception cref="CliException">It is not there.</exception>
    public static DaemonProgram Find(CommandHost host, string purpose) =>
        Find(AppContext.BaseDirectory, host.EnvironmentVariable("PATH")) is { } path
            ? new DaemonProgram(path)
            : throw new CliException(
                ExitCode.Failure,
                $"sleighd was not found beside sleighctl, in ../sleighd, ../sbin or PATH; {purpose}",
                "install it, or add its folder to PATH");

    /// <summary>Whether <see cref="Find(CommandHost, string)"/> finds one.</summary>
    public static bool IsThere(CommandHost host) => Find(AppContext.BaseDirectory, host.EnvironmentVariable("PATH")) is not null;

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="CliException">It cannot be run.</exception>
    public async Task<(int Code, string Output, string Error)> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process daemon = Process.Start(start)!;
            Task<string> stderr = daemon.StandardError.ReadToEndAsync(cancellationToken);
            string stdout = await daemon.StandardOutput.ReadToEndAsync(cancellationToken);
            await daemon.WaitForExitAsync(cancellationToken);
            return (daemon.ExitCode, stdout, await stderr);
        }
        catch (Win32Exception ex)
        {
            throw new CliException(ExitCode.Failure, $"cannot run {Path}: {ex.Message}", null, ex);
        }
    }

    private static string? Find(string ownFolder, string? path)
    {
        string[] folders =
        [
            ownFolder, System.IO.Path.Combine(ownFolder, "../sleighd"), System.IO.Path.Combine(ownFolder, "../sbin"),
            .. (path ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries),
        ];
        return folders.Select(f => System.IO.Path.GetFullPath(System.IO.Path.Combine(f, "sleighd"))).FirstOrDefault(File.Exists);
    }
}
