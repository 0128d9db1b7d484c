using System.Globalization;
using Microsoft.Extensions.Logging;
using Sleigh.Linux;
using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IFsck"/>
internal sealed partial class Fsck : IFsck
{
    private static readonly TimeSpan SecondLook = TimeSpan.FromSeconds(3);

    private readonly SandboxParts _parts;
    private readonly Sandboxes _sandboxes;
    private readonly LiveMounts _mounts;
    private readonly Scrubs _scrubs;

    public Fsck(SandboxParts parts, Sandboxes sandboxes, LiveMounts mounts, Scrubs scrubs) =>
        (_parts, _sandboxes, _mounts, _scrubs) = (parts, sandboxes, mounts, scrubs);

    /// <inheritdoc/>
    public async Task<FsckReport> RunAsync(bool repair, CancellationToken cancellationToken)
    {
        FsckLook look = await FsckLook.TakeAsync(_parts, _sandboxes, _mounts, cancellationToken);
        IReadOnlyList<FsckProblem> problems = look.Problems;
        if (problems.Count > 0)
        {
            await Task.Delay(SecondLook, _parts.Time, cancellationToken);
            HashSet<(string, string)> before = [.. problems.Select(p => (p.Kind, p.Subject))];
            look = await FsckLook.TakeAsync(_parts, _sandboxes, _mounts, cancellationToken);
            problems = [.. look.Problems.Where(p => before.Contains((p.Kind, p.Subject)))];
        }

        List<FsckFinding> findings = [.. Database(), .. Disks(), .. Scrub(_parts.Layers.Status.Root, _scrubs.Report.Last)];
        foreach (FsckProblem problem in problems)
        {
            cancellationToken.ThrowIfCancellationRequested();
            findings.Add(problem.Repair is null ? problem.As(FsckOutcome.Manual) : !repair ? problem.As(FsckOutcome.Repairable) : await RepairAsync(problem, problem.Repair));
        }

        if (repair && findings.Count > 0)
        {
            _parts.Background.Run("empty trash", () => _parts.Layers.EmptyTrashAsync());
        }

        return new FsckReport(look.Sandboxes, look.Snapshots, look.Layers.Live.Count, look.Layers.Sealed.Count, look.Mounts, findings);
    }

    private async Task<FsckFinding> RepairAsync(FsckProblem problem, Func<Task> repair)
    {
        try
        {
            await repair();
            Repaired(_parts.Logger, problem.Kind, problem.Subject);
            return problem.As(FsckOutcome.Repaired);
        }
        catch (Exception e) when (e is IOException or LayerConflictException or RuntimeException or SqliteException)
        {
            NotRepaired(_parts.Logger, problem.Kind, problem.Subject, e);
            return problem.As(FsckOutcome.Manual, $"It could not be mended: {e.Message}");
        }
    }

    private IEnumerable<FsckFinding> Database() => _parts.Records.Faults()
        .Select(fault => new FsckFinding(
            "database", _parts.Options.Now.DatabasePath, FsckOutcome.Manual, $"SQLite says: {fault}. Stop the daemon and restore the data directory from a backup."));

    private IEnumerable<FsckFinding> Disks() => _parts.Layers.DiskErrors.Select(error => OfDisk(_parts.Layers.Status.Root, error));

    /// <summary>What a counter of a disk's errors means.</summary>
    internal static FsckFinding OfDisk(string layers, BtrfsErrorCount error) => new(
        "disk_errors", $"{layers}: {error.Kind} of device {error.Device}", FsckOutcome.Manual,
        $"The btrfs of the layers has counted {error.Count} of them; files may be damaged. Look at the kernel log and the disk, find the files with "
        + "'sleighctl storage scrub', after which the kernel log names them, take them out of a snapshot or a backup, and then reset the counters with 'btrfs device stats -z'.");

    /// <summary>What the last check of the layers has found.</summary>
    internal static IEnumerable<FsckFinding> Scrub(string root, Scrub? last)
    {
        if (last is { Count.Errors: > 0 } bad)
        {
            yield return new FsckFinding(
                "scrub_errors", root, FsckOutcome.Manual,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The check of {bad.Started:u} found {bad.Count.Errors} errors, of which {bad.Count.Uncorrectable} stay: the kernel log of that time names the files ('dmesg', 'journalctl -k'). ")
                + "Replace the disk if it is failing, delete those files or snapshots or take them out of a backup, and check again with 'sleighctl storage scrub'.");
        }
    }

    [LoggerMessage(EventId = 1504, EventName = "fsck", Level = LogLevel.Warning, Message = "Mended {Kind}: {Subject}")]
    private static partial void Repaired(ILogger logger, string kind, string subject);

    [LoggerMessage(EventId = 1505, EventName = "fsck", Level = LogLevel.Error, Message = "Could not mend {Kind}: {Subject}")]
    private static partial void NotRepaired(ILogger logger, string kind, string subject, Exception exception);
}
