using System.Globalization;
using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>What a caller is told of a command that failed while its sandbox was at its disk limit.</summary>
/// <param name="LimitBytes">The limit.</param>
/// <param name="UsedBytes">What the sandbox's own layer held when the command ended.</param>
/// <param name="Advice">One sentence on what to do.</param>
public sealed record DiskReport(long LimitBytes, long UsedBytes, string Advice)
{
    private const long MiB = 1024 * 1024;

    // What a write is promised is more than it takes, so the last of it is refused with some room left.
    private const long LeastMargin = 2 * MiB;

    /// <summary>The limit in whole MB.</summary>
    public long LimitMb => LimitBytes / MiB;

    /// <summary>What was used in MB, rounded.</summary>
    public long UsedMb => (UsedBytes + (MiB / 2)) / MiB;

    /// <summary>The rule: a command that failed, in a layer with less than 2 MB or 1 % left, or less than 1 % of its files. Null: nothing to report.</summary>
    internal static DiskReport? Of(Exec exec, LayerUse? use) => exec.ExitCode is null or 0 || use?.LimitBytes is not long limit || !IsAtLimit(use)
        ? null
        : new DiskReport(limit, UsedOf(use), $"{Place(use, limit)}, or use a sandbox with a higher disk_limit_mb");

    /// <summary>Whether a write may have been refused for the limit, or a file for their number.</summary>
    internal static bool IsAtLimit(LayerUse use) => HasNoBytes(use) || HasNoFiles(use);

    private static bool HasNoBytes(LayerUse use) => use.LimitBytes is long limit && limit - UsedOf(use) < (use.IsSoft ? 1 : Math.Max(LeastMargin, limit / 100));

    private static bool HasNoFiles(LayerUse use) => use is { Files: long files, LimitFiles: long limit } && limit - files < Math.Max(1, limit / 100);

    private static string Place(LayerUse use, long limit) => !HasNoBytes(use)
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"the sandbox has {use.Files} of the {use.LimitFiles} files that its disk limit of {limit / MiB} MB allows, and to make more fails with {use.FullErrno}; delete files that it has made")
        : string.Create(CultureInfo.InvariantCulture, $"the sandbox is at its disk limit of {limit / MiB} MB, and {Consequence(use)}");

    private static string Consequence(LayerUse use) => use.IsSoft
        ? "its commands are ended, as the limit is soft on this host; delete files over the API, roll back"
        : $"writes fail with {use.FullErrno}; delete files that it has written";

    private static long UsedOf(LayerUse use) => use.ReferencedBytes + use.ReservedBytes;
}
