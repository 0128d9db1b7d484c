using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>A process by pidfd (Linux 5.3): unlike its number, it never comes to mean another process.</summary>
public sealed class ProcessHandle : IDisposable
{
    private readonly SafeFileHandle _process;

    private ProcessHandle(int id, SafeFileHandle process)
    {
        Id = id;
        _process = process;
    }

    /// <summary>The number it had when it was opened.</summary>
    public int Id { get; }

    /// <summary>False once it has ended and was reaped; and once the handle was disposed of, by which nobody sees it any more.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                return TrySignal(0);
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>pidfd_open(2).</summary>
    /// <exception cref="KernelException">ESRCH: there is no such process.</exception>
    public static ProcessHandle Open(int id)
    {
        nint descriptor = Syscall.Invoke(SyscallNumber.PidFdOpen, id);
        return descriptor < 0
            ? throw KernelException.Last("open process", id.ToString(CultureInfo.InvariantCulture))
            : new ProcessHandle(id, Descriptors.Own(descriptor));
    }

    /// <summary>pidfd_send_signal(2). False if the process has ended.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool TrySignal(int signal)
    {
        if (Syscall.Invoke(SyscallNumber.PidFdSendSignal, _process, signal) == 0)
        {
            return true;
        }

        return (Errno)Marshal.GetLastPInvokeError() == Errno.ESRCH
            ? false
            : throw KernelException.Last($"send signal {signal} to process", Id.ToString(CultureInfo.InvariantCulture));
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}
