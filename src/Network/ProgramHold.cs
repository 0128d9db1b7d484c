using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Network;

/// <summary>
/// What programs hold while they change something: a directory that this run of the daemon has made, with flock(2). The kernel gives the hold up when the
/// program and all that it has started are gone, also where the daemon was killed meanwhile. A later run takes the directories of earlier ones before it
/// looks at anything, so nothing of theirs is done behind its back; and with its directory gone, an earlier run starts no program any more.
/// </summary>
internal sealed partial class ProgramHold : IDisposable
{
    /// <summary>The longest that <see cref="BeginAsync"/> waits.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly string _all;
    private readonly string _own;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<SafeFileHandle> _taken = [];

    /// <summary>Nothing is done yet.</summary>
    /// <param name="directory">Where each run has its directory; it is there.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of programs that do not end.</param>
    public ProgramHold(string directory, TimeProvider time, ILogger logger) =>
        (_all, _own, _time, _logger) = (directory, Path.Combine(directory, RandomNumberGenerator.GetHexString(16, lowercase: true)), time, logger);

    /// <summary>
    /// The program that takes the hold and turns into the one whose path follows: flock(1) of util-linux, whose descriptor is inherited from there on. It waits
    /// for nobody: only a later run takes the directory for itself, and then the program is not to be run.
    /// </summary>
    /// <exception cref="IOException">There is no flock.</exception>
    public IReadOnlyList<string> Before =>
        // With the dot, flock makes no file where the directory is gone.
        [ProgramRun.Find("flock") ?? throw new IOException("there is no program 'flock' on PATH"), "--shared", "--nonblock", "--no-fork", $"{_own}/."];

    /// <summary>Waits until no program of an earlier run is left, and begins. Those that do not end in <see cref="Longest"/> are told of, and the next run waits for them again.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        long begun = _time.GetTimestamp();
        foreach (string earlier in Directory.GetDirectories(_all))
        {
            SafeFileHandle held = Files.Open(earlier, OpenFlags.ReadOnly | OpenFlags.Directory);
            _taken.Add(held);
            if (await TakeAsync(held, begun, cancellationToken))
            {
                // Held on to: a flock that has opened it, and has not come to the hold yet, is refused it.
                Directory.Delete(earlier);
            }
            else
            {
                StillHeld(_logger, Longest.TotalSeconds, Describe(FileLock.HoldersOf(held)));
            }
        }

        Directory.CreateDirectory(_own);
    }

    /// <summary>Lets go.</summary>
    public void Dispose()
    {
        foreach (SafeFileHandle held in _taken)
        {
            held.Dispose();
        }
    }

    private async Task<bool> TakeAsync(SafeFileHandle held, long begun, CancellationToken cancellationToken)
    {
        while (!FileLock.TryTake(held))
        {
            if (_time.GetElapsedTime(begun) >= Longest)
            {
                return false;
            }

            await Task.Delay(Step, _time, cancellationToken);
        }

        return true;
    }

    private static string Describe(IReadOnlyList<int> processes) => processes.Count == 0
        ? "processes that cannot be seen from here"
        : string.Join(", ", processes.Select(id => string.Create(CultureInfo.InvariantCulture, $"process {id} ({CommandOf(id)})")));

    private static string CommandOf(int id)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/comm")).Trim();
        }
        catch (IOException)
        {
            return "ended; something that it has started has not";
        }
    }

    [LoggerMessage(
        EventId = 2215, EventName = "network", Level = LogLevel.Warning,
        Message = "A program that an earlier daemon has started to change the network has not ended within {Seconds} s: {Holders}; what it still does may be undone at the next start only")]
    private static partial void StillHeld(ILogger logger, double seconds, string holders);
}
