using System.ComponentModel;
using System.Diagnostics;

namespace Sleigh.Containerd;

/// <summary>A run of a program whose complaints matter.</summary>
internal static class ToolRun
{
    private const int KeptLines = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="start">What to run; its standard streams are set here.</param>
    /// <param name="line">Told each line of its standard error.</param>
    /// <param name="cancellationToken">Ends it: by SIGTERM, so that it can take its mounts down, and then by SIGKILL.</param>
    /// <returns>Its exit status and the last lines of its standard error.</returns>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static async Task<(int Status, IReadOnlyList<string> Lines)> RunAsync(
        ProcessStartInfo start, Action<string> line, CancellationToken cancellationToken)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task drain = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        Queue<string> lines = new();
        Task reading = Task.Run(
            async () =>
            {
                while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } text)
                {
                    lines.Enqueue(text);
                    if (lines.Count > KeptLines)
                    {
                        lines.Dequeue();
                    }

                    line(text);
                }
            },
            CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process);
            throw;
        }

        await Task.WhenAll(drain, reading);
        return (process.ExitCode, [.. lines]);
    }

    private static async Task EndAsync(Process process)
    {
        Linux.Signals.TrySend(process.Id, Linux.Signals.Terminate);
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
