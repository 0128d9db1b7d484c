using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sleigh.Cli.Images;

/// <summary>Makes a root file system from Debian packages with mmdebstrap(1), so that a host without a registry has images.</summary>
internal sealed record Bootstrap
{
    /// <summary>Such as <c>bookworm</c>.</summary>
    public required string Suite { get; init; }

    /// <summary>Packages beyond the smallest system, parted by commas.</summary>
    public string? Include { get; init; }

    /// <summary>A mirror's address or a line of sources.list; null: mmdebstrap's choice.</summary>
    public string? Mirror { get; init; }

    /// <summary>The arguments of mmdebstrap that write the tar <paramref name="target"/>.</summary>
    public IReadOnlyList<string> Arguments(string target) =>
    [
        "--mode=root",
        "--variant=minbase",
        "--format=tar",
        // The container brings its own /dev; device nodes in an image are a liability.
        "--skip=output/dev",
        // Name servers and name of this host do not belong into an image.
        "--customize-hook=rm -f \"$1/etc/resolv.conf\" \"$1/etc/hostname\" && : > \"$1/etc/resolv.conf\" && echo localhost > \"$1/etc/hostname\"",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*/LC_MESSAGES/*",
        .. Include is { Length: > 0 } ? (string[])[$"--include={Include}"] : [],
        Suite,
        target,
        .. Mirror is { Length: > 0 } ? (string[])[Mirror] : [],
    ];

    /// <summary>Runs mmdebstrap.</summary>
    /// <exception cref="CliException">It is not installed or it failed; the sentence ends with its last words.</exception>
    public async Task RunAsync(string target, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("mmdebstrap") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in Arguments(target))
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Start(start);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // mmdebstrap cleans up after SIGTERM; a Ctrl-C reached it too, being in the same process group.
            Terminate(process);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        string[] lines = (await errors + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (process.ExitCode != 0)
        {
            string last = string.Join("; ", lines.Where(l => l.StartsWith("E:", StringComparison.Ordinal)).DefaultIfEmpty(lines.LastOrDefault() ?? "no message").TakeLast(2));
            throw new CliException(
                ExitCode.Failure,
                $"mmdebstrap {Suite} ended with status {process.ExitCode}: {last}",
                "check the suite's and the packages' names, that the mirror can be reached, and that you are root");
        }
    }

    /// <summary>This machine's architecture in Go's words, which images use.</summary>
    public static string Architecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => throw new CliException(ExitCode.Failure, $"no images can be made on a machine of type {other}"),
    };

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception ex)
        {
            throw new CliException(
                ExitCode.Failure, $"mmdebstrap cannot be started: {ex.Message}", "install it: apt-get install mmdebstrap", ex);
        }
    }

    private static void Terminate(Process process)
    {
        using Process? kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill?.WaitForExit();
    }
}
