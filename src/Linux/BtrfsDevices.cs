using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Linux;

/// <summary>The disks under a btrfs.</summary>
public static class BtrfsDevices
{
    /// <summary>
    /// Errors that the filesystem has met on its disks, over all mounts and until somebody resets them, as <c>btrfs device stats</c> shows
    /// them: of <c>/sys/fs/btrfs/UUID/devinfo/N/error_stats</c> (fs/btrfs/sysfs.c, Linux 5.14). Older kernels tell nothing here.
    /// </summary>
    /// <param name="anywhere">Anything on it.</param>
    /// <returns>The counters that are not zero, as <c>corruption_errs</c>; one line for each counter and disk.</returns>
    /// <exception cref="KernelException">It is no btrfs.</exception>
    /// <exception cref="KernelFileException">The kernel's files cannot be read.</exception>
    public static IReadOnlyList<BtrfsErrorCount> Errors(SafeFileHandle anywhere)
    {
        using KernelDirectory? devices = KernelDirectory.TryOpen(BtrfsVolume.KernelFiles(anywhere, "devinfo"));
        List<BtrfsErrorCount> errors = [];
        foreach (string device in devices?.Subdirectories() ?? [])
        {
            using KernelDirectory? one = KernelDirectory.TryOpen($"{devices!.Path}/{device}");
            errors.AddRange(Parse(device, one?.TryRead("error_stats") ?? ""));
        }

        return errors;
    }

    /// <summary>Reads lines such as <c>write_errs 0</c>; what is no such line is passed over.</summary>
    internal static IEnumerable<BtrfsErrorCount> Parse(string device, string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ') is [var name, var count] && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0)
            {
                yield return new BtrfsErrorCount(device, name, number);
            }
        }
    }
}
