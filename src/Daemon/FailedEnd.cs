using System.Net.Sockets;
using Sleigh.Daemon.Configuration;
using Sleigh.Daemon.Listening;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime;

namespace Sleigh.Daemon;

/// <summary>What sleighd says when it cannot go on.</summary>
/// <param name="ExitCode">One number per kind of trouble.</param>
/// <param name="Sentences">For the log; several only for a configuration with several errors.</param>
/// <param name="Errno">The kernel's error number behind it, where there is one.</param>
internal sealed record FailedEnd(int ExitCode, IReadOnlyList<string> Sentences, int? Errno)
{
    // errno(3) ends at 133; HResult holds larger numbers for errors that are not the kernel's.
    private const int LargestErrno = 133;

    /// <summary>One sentence, for the service manager.</summary>
    public string Status => Sentences.Count switch
    {
        1 => Sentences[0],
        2 => $"{Sentences[0]}, and one more error",
        int all => $"{Sentences[0]}, and {all - 1} more errors",
    };

    /// <summary>Whether nobody foresaw it, so that the log needs the whole of it.</summary>
    public bool IsUnforeseen => ExitCode == Daemon.ExitCode.Internal;

    public static FailedEnd Of(Exception cause) => cause switch
    {
        ConfigurationException e => new FailedEnd(Daemon.ExitCode.Configuration, [.. e.Errors.Select(x => x.ToString())], null),
        StartException e => new FailedEnd(Daemon.ExitCode.Of(e.Kind), [OneLine(e.Message)], ErrnoOf(e)),
        ListenException e => new FailedEnd(Daemon.ExitCode.Listen, [OneLine(e.Message)], ErrnoOf(e)),
        _ => new FailedEnd(
            Daemon.ExitCode.Internal,
            [$"an error that nobody foresaw has ended sleighd, the log has the whole of it: {cause.GetType().Name}: {OneLine(cause.Message)}"],
            ErrnoOf(cause)),
    };

    private static int? ErrnoOf(Exception? cause) => cause switch
    {
        null => null,
        SocketException e => e.NativeErrorCode,
        SqliteException { Errno: not Linux.Errno.None and var number } => (int)number,
        IOException { HResult: > 0 and <= LargestErrno and int number } => number,
        _ => ErrnoOf(cause.InnerException),
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
