using System.Globalization;
using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>Signals by process number, for children of our own that nobody else can have reaped.</summary>
public static partial class Signals
{
    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>kill(2). False if there is no such process.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool TrySend(int processId, int signal)
    {
        if (Send(processId, signal) == 0)
        {
            return true;
        }

        return (Errno)Marshal.GetLastPInvokeError() == Errno.ESRCH
            ? false
            : throw KernelException.Last($"send signal {signal} to process", processId.ToString(CultureInfo.InvariantCulture));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int processId, int signal);
}
