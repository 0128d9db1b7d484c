using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>Priority of the calling thread. .NET's own property does nothing on Linux.</summary>
public static partial class ThreadPriorities
{
    /// <summary>
    /// Lets everybody else go first, for CPU (nice 19) and disk (class idle). For a thread of one's own only: a thread
    /// of the pool would stay slow for its next user.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void LowerCurrent()
    {
        // Linux takes both calls for the one thread that 0 means, not for the process.
        if (SetPriority(0, 0, 19) != 0)
        {
            throw KernelException.Last("lower the priority of", "this thread");
        }

        if (Syscall.Invoke(SyscallNumber.IoPrioritySet, 1, 0, 3 << 13) < 0) // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_IDLE
        {
            throw KernelException.Last("lower the I/O priority of", "this thread");
        }
    }

    /// <summary>
    /// Lets everybody else go first at the disk, without being put off for good (class best effort, lowest level). For a thread of one's own only.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void LowerCurrentForDisk()
    {
        if (Syscall.Invoke(SyscallNumber.IoPrioritySet, 1, 0, (2 << 13) | 7) < 0) // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_BE
        {
            throw KernelException.Last("lower the I/O priority of", "this thread");
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int priority);
}
