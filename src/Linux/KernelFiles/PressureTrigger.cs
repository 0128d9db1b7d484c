using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux.KernelFiles;

/// <summary>Asks for wake-ups from a pressure file, to see whether the kernel allows them: the kernel's psi document.</summary>
public static class PressureTrigger
{
    /// <summary>Makes a trigger and drops it at once; nothing is left of it.</summary>
    /// <param name="path">A pressure file, such as <c>/proc/pressure/memory</c>.</param>
    /// <param name="window">The window; the threshold is a tenth of it.</param>
    /// <returns>
    /// <see cref="Errno.None"/>: allowed. EINVAL: without CAP_SYS_RESOURCE a window must be a multiple of 2 s (Linux 6.5). EPERM, EACCES: not at all.
    /// </returns>
    public static unsafe Errno Try(string path, TimeSpan window)
    {
        int descriptor = OpenAt(Descriptors.WorkingDirectory, path, NativeOpenFlags.Of(OpenFlags.ReadWrite | OpenFlags.NonBlocking));
        if (descriptor < 0)
        {
            return (Errno)Marshal.GetLastPInvokeError();
        }

        using SafeFileHandle file = Descriptors.Own(descriptor);
        long microseconds = window.Ticks / TimeSpan.TicksPerMicrosecond;
        byte[] text = Encoding.ASCII.GetBytes($"some {microseconds / 10} {microseconds}\0");
        fixed (byte* start = text)
        {
            return Write(file, start, (nuint)text.Length) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        }
    }
}
