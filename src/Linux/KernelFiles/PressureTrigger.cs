using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux.KernelFiles;

/// <summary>
/// Wake-ups from a pressure file (PSI): the kernel raises POLLPRI when at least one task was stalled for a threshold within a
/// window, at most once in each window. Source: the kernel's psi document.
/// </summary>
public static class PressureTrigger
{
    /// <summary>Windows of a process without CAP_SYS_RESOURCE are multiples of this (Linux 6.5; before that it gets no triggers).</summary>
    public static readonly TimeSpan UnprivilegedStep = TimeSpan.FromSeconds(2);

    /// <summary>The shortest window that the kernel takes.</summary>
    public static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest window that the kernel takes.</summary>
    public static readonly TimeSpan LongestWindow = TimeSpan.FromSeconds(10);

    /// <summary>Makes a trigger and drops it at once; nothing is left of it.</summary>
    /// <param name="path">A pressure file, such as <c>/proc/pressure/memory</c>.</param>
    /// <param name="window">The window; the threshold is a tenth of it.</param>
    /// <returns>What <see cref="Try(string, TimeSpan, TimeSpan)"/> returns.</returns>
    public static Errno Try(string path, TimeSpan window) => Try(path, window / 10, window);

    /// <summary>Makes a trigger and drops it at once, to see whether the kernel allows it; nothing is left of it.</summary>
    /// <param name="path">A pressure file, such as <c>/proc/pressure/memory</c>.</param>
    /// <param name="threshold">Stalled time, at most the window.</param>
    /// <param name="window">The window.</param>
    /// <returns>
    /// <see cref="Errno.None"/>: allowed. EINVAL: without CAP_SYS_RESOURCE a window must be a multiple of 2 s (Linux 6.5).
    /// EPERM, EACCES: not at all. ENOENT, EOPNOTSUPP: the kernel has no PSI, or it is off (<c>psi=0</c>).
    /// </returns>
    public static Errno Try(string path, TimeSpan threshold, TimeSpan window)
    {
        int descriptor = OpenAt(Descriptors.WorkingDirectory, path, Flags);
        if (descriptor < 0)
        {
            return (Errno)Marshal.GetLastPInvokeError();
        }

        using SafeFileHandle file = Descriptors.Own(descriptor);
        return Ask(file, Text(threshold, window));
    }

    /// <summary>Makes a trigger that is there as long as the file is open. A file takes one trigger.</summary>
    /// <param name="directory">A cgroup, or <c>/proc/pressure</c>.</param>
    /// <param name="file">The name of a pressure file in it.</param>
    /// <param name="threshold">Stalled time, at most the window.</param>
    /// <param name="window">The window.</param>
    /// <returns>Null: there is no such file, or PSI is off.</returns>
    /// <exception cref="KernelFileException">The kernel refuses the trigger.</exception>
    public static SafeFileHandle? TryOpen(KernelDirectory directory, string file, TimeSpan threshold, TimeSpan window)
    {
        ArgumentNullException.ThrowIfNull(directory);
        int descriptor = OpenAt(directory.Handle, file, Flags);
        Errno errno = descriptor < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        string text = Text(threshold, window);
        SafeFileHandle? handle = null;
        if (errno is Errno.None)
        {
            handle = Descriptors.Own(descriptor);
            errno = Ask(handle, text);
        }

        if (errno is Errno.None)
        {
            return handle;
        }

        handle?.Dispose();
        return errno is Errno.ENOENT or Errno.ENODEV or Errno.EOPNOTSUPP
            ? null
            : throw new KernelFileException("write", directory.FilePath(file), text, errno);
    }

    private static int Flags => NativeOpenFlags.Of(OpenFlags.ReadWrite | OpenFlags.NonBlocking);

    private static string Text(TimeSpan threshold, TimeSpan window) =>
        string.Create(CultureInfo.InvariantCulture, $"some {(long)threshold.TotalMicroseconds} {(long)window.TotalMicroseconds}");

    private static unsafe Errno Ask(SafeFileHandle file, string text)
    {
        // The kernel puts its own end over the last byte that it is given.
        byte[] bytes = Encoding.ASCII.GetBytes(text + '\0');
        fixed (byte* start = bytes)
        {
            return Write(file, start, (nuint)bytes.Length) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        }
    }
}
