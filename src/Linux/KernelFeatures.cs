using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>Which system calls the running kernel has. Each is called with arguments that it refuses before it does anything.</summary>
public static class KernelFeatures
{
    // struct clone_args and struct open_how have a least size; flags of all ones name what no kernel knows.
    private const nint NoFile = -1;
    private const nint AllFlags = 0x7fffffff;

    /// <summary>The names of those that answer ENOSYS, because the kernel is too old or a filter hides them.</summary>
    public static IReadOnlyList<string> Missing() =>
    [
        .. All().Where(call => call.Result < 0 && call.Errno == Errno.ENOSYS).Select(call => call.Name),
    ];

    private static IEnumerable<(string Name, nint Result, Errno Errno)> All()
    {
        yield return Try("clone3", SyscallNumber.Clone3, 0, 0);
        yield return Try("bpf", SyscallNumber.Bpf, NoFile, 0);
        yield return Try("pidfd_open", SyscallNumber.PidFdOpen, NoFile, 0);
        yield return Try("openat2", SyscallNumber.OpenAt2, NoFile, 0);
        yield return Try("fsopen", SyscallNumber.FsOpen, 0, AllFlags);
        yield return Try("open_tree", SyscallNumber.OpenTree, NoFile, 0, AllFlags);
        yield return Try("move_mount", SyscallNumber.MoveMount, NoFile, 0, NoFile, 0, AllFlags);
        yield return Try("mount_setattr", SyscallNumber.MountSetAttr, NoFile, 0, AllFlags);
    }

    private static (string Name, nint Result, Errno Errno) Try(string name, nint number, nint a, nint b, nint c = 0, nint d = 0, nint e = 0)
    {
        nint result = Syscall.Invoke(number, a, b, c, d, e);
        return (name, result, (Errno)Marshal.GetLastPInvokeError());
    }
}
