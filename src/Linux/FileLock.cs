using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// A hold on a file or directory, for who asks for it only: flock(2). It belongs to the open file, and goes when its last descriptor is closed, so
/// with the process however that ends. Directories of cgroupfs can be held too (kernfs leaves it to the kernel's generic locks; seen with Linux 6.1).
/// </summary>
public static partial class FileLock
{
    private const int Exclusive = 2;
    private const int NonBlocking = 4;

    /// <summary>Takes the hold without waiting. False: somebody else has it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool TryTake(SafeFileHandle file)
    {
        while (FLock(file, Exclusive | NonBlocking) != 0)
        {
            switch ((Errno)Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR: continue;
                case Errno.EAGAIN: return false;
                default: throw KernelException.Last("hold", Descriptors.Describe(file, default));
            }
        }

        return true;
    }

    /// <summary>The process that has taken the hold, as /proc/locks shows it; null: nobody, or a process that this one cannot see.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static int? HolderOf(SafeFileHandle file) => HoldersOf(file) is [int first, ..] ? first : null;

    /// <summary>The same where several share it: those that took it, though some may have ended and left it to what they have started.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<int> HoldersOf(SafeFileHandle file)
    {
        FileStatus status = Files.Stat(file);
        return HoldersOf(File.ReadAllText("/proc/locks"), status.Device, status.Inode);
    }

    /// <summary>As above, from the text: <c>1: FLOCK  ADVISORY  WRITE 23066 00:26:1914449 0 EOF</c>, device numbers as hex (proc_locks(5)).</summary>
    internal static IReadOnlyList<int> HoldersOf(string locks, ulong device, ulong inode)
    {
        List<int> holders = [];
        (uint major, uint minor) = Files.DeviceParts(device);
        string place = string.Create(CultureInfo.InvariantCulture, $"{major:x2}:{minor:x2}:{inode}");
        foreach (string line in locks.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, "FLOCK", _, _, string process, string at, ..] && at == place
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0)
            {
                holders.Add(id);
            }
        }

        return holders;
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);
}
