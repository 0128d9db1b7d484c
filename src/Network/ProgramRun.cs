using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Sleigh.Network;

/// <summary>How a program ended.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error, without white space around it.</param>
internal sealed record ProgramEnd(int Status, string Output, string Errors);

/// <summary>A program of the host, run to its end with a text as its standard input.</summary>
internal static class ProgramRun
{
    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The path of a program in PATH or the usual folders; null when there is none.</summary>
    public static string? Find(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:{UsualPath}".Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Runs it.</summary>
    /// <param name="before">What turns into it: a program and its arguments, to which the path and the arguments are added; none: it is started itself.</param>
    /// <param name="program">The program's path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="environment">Its whole environment but PATH.</param>
    /// <param name="limit">How long it may take; it is killed then.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="IOException">It cannot be started, or took longer than <paramref name="limit"/>.</exception>
    public static async Task<ProgramEnd> RunAsync(
        IReadOnlyList<string> before, string program, IEnumerable<string> arguments, string input, IReadOnlyDictionary<string, string> environment,
        TimeSpan limit, CancellationToken cancellationToken)
    {
        string[] whole = [.. before, program, .. arguments];
        ProcessStartInfo start = new(whole[0], whole[1..])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
            StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };

        // NOTIFY_SOCKET and the like are not for them.
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? UsualPath;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Start(start);
        using CancellationTokenSource timer = new(limit);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        await using CancellationTokenRegistration kill = either.Token.Register(() => process.Kill(entireProcessTree: true));
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), CancellationToken.None);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading: its status and its errors say why.
        }

        await process.WaitForExitAsync(CancellationToken.None);
        ProgramEnd end = new(process.ExitCode, await output, (await errors).Trim());
        cancellationToken.ThrowIfCancellationRequested();
        return timer.IsCancellationRequested
            ? throw new IOException(FormattableString.Invariant($"{program} was not done after {limit.TotalSeconds:0.#} s"))
            : end;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{start.FileName} cannot be started: {e.Message}", e);
        }
    }
}
