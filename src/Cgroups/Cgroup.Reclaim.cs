using System.Diagnostics;
using System.Globalization;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>Taking memory back.</content>
public sealed partial record Cgroup
{
    private const long ReclaimChunk = 8 * 1024 * 1024;

    /// <summary>
    /// Has the kernel take memory from this cgroup and those below it (<c>memory.reclaim</c>, Linux 5.19), in chunks of at most
    /// 8 MiB, until the bytes, the deadline or the cancellation is reached, or the kernel finds less than a chunk asks for. One chunk
    /// is not interrupted. No limit changes; what the processes need again they get again.
    /// </summary>
    /// <param name="bytes">At most so much.</param>
    /// <param name="deadline">No chunk begins after this time.</param>
    /// <param name="cancellationToken">No chunk begins after it is cancelled.</param>
    /// <returns>
    /// By how much <c>memory.current</c> fell meanwhile, 0 to <paramref name="bytes"/>; 0 too when the cgroup is gone. Null: it has no
    /// <c>memory.reclaim</c> (an older kernel, or no memory controller).
    /// </returns>
    /// <exception cref="KernelFileException">The kernel refuses for another reason than finding too little.</exception>
    public long? Reclaim(long bytes, TimeSpan deadline, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        using KernelDirectory? directory = TryOpenSelf();
        if (directory is null)
        {
            return 0;
        }

        long before = CurrentOf(directory);
        long start = Stopwatch.GetTimestamp();
        long asked = 0;
        while (asked < bytes && !cancellationToken.IsCancellationRequested && Stopwatch.GetElapsedTime(start) < deadline)
        {
            long chunk = Math.Min(ReclaimChunk, bytes - asked);
            switch (TryReclaim(directory, chunk))
            {
                case null: return Exists ? null : 0;
                case false: return Taken();
                default: asked += chunk; break;
            }
        }

        return Taken();

        long Taken() => CurrentOf(directory) is > 0 and var after ? Math.Clamp(before - after, 0, bytes) : 0;
    }

    /// <summary>True: all of it. False: less (EAGAIN). Null: there is no such file.</summary>
    private static bool? TryReclaim(KernelDirectory directory, long bytes)
    {
        try
        {
            return directory.TryWrite("memory.reclaim", bytes.ToString(CultureInfo.InvariantCulture)) ? true : null;
        }
        catch (KernelFileException error) when (error.Errno is Errno.EAGAIN or Errno.EINTR)
        {
            return false;
        }
        catch (KernelFileException error) when (error.IsMissing)
        {
            return null;
        }
    }

    private static long CurrentOf(KernelDirectory directory) =>
        directory.TryRead("memory.current") is { } current && LimitValue.Parse(current) is { } used ? used : 0;
}
