using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One check of the btrfs under the layers, place by place.</summary>
/// <remarks>
/// The thread keeps its priority for the CPU, and for the disk has the lowest of those that are never put off for good: each commit, and with
/// it each snapshot, waits until a scrub under way stands still (btrfs_scrub_pause of fs/btrfs/transaction.c).
/// </remarks>
internal sealed class LayerScrub(string root)
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private BtrfsScrubCount _done;
    private BtrfsPlace? _now;
    private long _checked;
    private long _total;

    /// <summary>For tests: the places on the disk.</summary>
    internal Func<SafeFileHandle, IReadOnlyList<BtrfsPlace>> Places { get; init; } = anywhere => BtrfsScrub.Places(anywhere, CancellationToken.None);

    /// <summary>For tests: checks a place; false: it was ended.</summary>
    internal Func<SafeFileHandle, BtrfsPlace, (BtrfsScrubCount Count, bool IsComplete)> CheckPlace { get; init; } = BtrfsScrub.Run;

    /// <summary>For tests: ends the check of a place that is under way, if one is.</summary>
    internal Action<SafeFileHandle> CancelPlace { get; init; } = BtrfsScrub.Cancel;

    /// <summary>How far it is.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LayerScrubState Now()
    {
        lock (_lock)
        {
            BtrfsScrubCount count = _done;
            if (_now is BtrfsPlace place)
            {
                using SafeFileHandle anywhere = Open();
                count += BtrfsScrub.Running(anywhere, place.Device) ?? default;
            }

            return new LayerScrubState(Percent(), IsComplete: false, count);
        }
    }

    /// <summary>Checks all. On a thread of its own: it waits for the disk, and rests as long as it worked so that half of the time is others'.</summary>
    /// <param name="cancellationToken">Ends it; what has been found till then is the result.</param>
    /// <exception cref="KernelException">The kernel refused; EINPROGRESS: somebody else has one under way.</exception>
    public LayerScrubState Run(CancellationToken cancellationToken)
    {
        ThreadPriorities.LowerCurrentForDisk();
        using SafeFileHandle anywhere = Open();
        IReadOnlyList<BtrfsPlace> places = Places(anywhere);
        lock (_lock)
        {
            _total = places.Sum(place => place.Length);
        }

        // Again until it ends: a call that comes between two pieces finds nothing to end.
        using Timer again = new(_ => TryCancel(anywhere), null, Timeout.Infinite, Timeout.Infinite);
        using CancellationTokenRegistration stop = cancellationToken.Register(() => again.Change(TimeSpan.Zero, TimeSpan.FromMilliseconds(100)));
        foreach (BtrfsPlace place in places)
        {
            if (cancellationToken.IsCancellationRequested || !Check(anywhere, place, cancellationToken))
            {
                return new LayerScrubState(Percent(), IsComplete: false, _done);
            }
        }

        return new LayerScrubState(100, IsComplete: true, _done);
    }

    private bool Check(SafeFileHandle anywhere, BtrfsPlace place, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            _now = place;
        }

        (BtrfsScrubCount count, bool isComplete) = CheckPlace(anywhere, place);
        lock (_lock)
        {
            (_now, _done, _checked) = (null, _done + count, _checked + place.Length);
        }

        TimeSpan worked = Stopwatch.GetElapsedTime(begun);
        if (isComplete)
        {
            cancellationToken.WaitHandle.WaitOne(worked < LongestRest ? worked : LongestRest);
        }

        return isComplete;
    }

    private void TryCancel(SafeFileHandle anywhere)
    {
        try
        {
            CancelPlace(anywhere);
        }
        catch (Exception e) when (e is KernelException or ObjectDisposedException)
        {
            // It is over, or ends with its piece.
        }
    }

    private int Percent() => _total == 0 ? 0 : (int)(100 * (UInt128)_checked / (UInt128)_total);

    private SafeFileHandle Open() => Files.Open(root, OpenFlags.ReadOnly | OpenFlags.Directory);
}

/// <summary>A check of the btrfs under the layers.</summary>
/// <param name="Percent">How much of what the filesystem uses has been looked at, 0 to 100.</param>
/// <param name="IsComplete">It came to its end.</param>
/// <param name="Count">What it has found.</param>
public sealed record LayerScrubState(int Percent, bool IsComplete, BtrfsScrubCount Count);
