using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// Network namespaces that have a name: a file on which the namespace is mounted, so that it lives without a process (network_namespaces(7)).
/// A thread that enters one sees other interfaces, sockets and <c>/proc/sys/net</c>, but the same files. What a thread starts inherits its
/// namespace, the threads of the runtime too; so each call uses a thread of its own that makes system calls only, and ends.
/// </summary>
public static unsafe partial class NetworkNamespace
{
    private const int NewNet = 0x40000000;
    private const uint BindMount = 4096;

    /// <summary>Makes a namespace and mounts it on a file that is there already.</summary>
    /// <exception cref="KernelException">The kernel refused; nothing is mounted.</exception>
    public static void CreateAt(string path)
    {
        byte[] target = Terminated(path);
        byte[] source = "/proc/thread-self/ns/net\0"u8.ToArray();
        OnThread("make a network namespace at", path, () =>
        {
            if (Syscall.Invoke(SyscallNumber.Unshare, NewNet) < 0)
            {
                return false;
            }

            fixed (byte* from = source, to = target)
            {
                return Mount((nint)from, (nint)to, 0, BindMount, 0) == 0;
            }
        });
    }

    /// <summary>Whether a namespace is mounted on the file. False where there is no file.</summary>
    public static bool IsMountedAt(string path) => File.Exists(path) && FileSystems.Stat(path).Magic == FileSystems.NetworkNamespaces;

    /// <summary>Writes a file of <c>/proc/sys/net</c> as a process inside the namespace sees it.</summary>
    /// <param name="at">The namespace's file.</param>
    /// <param name="file">The file, an absolute path.</param>
    /// <param name="value">What to write.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void WriteSetting(string at, string file, string value)
    {
        byte[] name = Terminated(file);
        byte[] text = System.Text.Encoding.ASCII.GetBytes(value);
        using SafeFileHandle home = Files.Open(at, OpenFlags.ReadOnly);
        OnThread($"write '{value}' to", $"{file} in {at}", () =>
        {
            if (Syscall.Invoke(SyscallNumber.SetNamespace, home, NewNet) < 0)
            {
                return false;
            }

            fixed (byte* path = name, bytes = text)
            {
                nint descriptor = Syscall.Invoke(SyscallNumber.OpenAt, -100, (nint)path, 1 | 0x80000); // O_WRONLY, O_CLOEXEC
                if (descriptor < 0)
                {
                    return false;
                }

                bool done = Syscall.Invoke(SyscallNumber.Write, descriptor, (nint)bytes, text.Length) == text.Length;
                int errno = Marshal.GetLastPInvokeError();
                Descriptors.Own(descriptor).Dispose();
                Marshal.SetLastPInvokeError(errno);
                return done;
            }
        });
    }

    /// <summary>Reads a file of <c>/proc/sys/net</c> or <c>/proc/thread-self/net</c> as a process inside the namespace sees it.</summary>
    /// <param name="at">The namespace's file.</param>
    /// <param name="file">The file, an absolute path.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static string ReadFile(string at, string file)
    {
        byte[] name = Terminated(file);
        nint descriptor = -1;
        using SafeFileHandle home = Files.Open(at, OpenFlags.ReadOnly);
        OnThread("open", $"{file} in {at}", () =>
        {
            if (Syscall.Invoke(SyscallNumber.SetNamespace, home, NewNet) < 0)
            {
                return false;
            }

            fixed (byte* path = name)
            {
                descriptor = Syscall.Invoke(SyscallNumber.OpenAt, -100, (nint)path, 0x80000); // O_RDONLY, O_CLOEXEC
                return descriptor >= 0;
            }
        });
        using FileStream stream = new(Descriptors.Own(descriptor), FileAccess.Read, 1);
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>socket(2) inside the namespace, where it stays wherever it is used.</summary>
    /// <param name="at">The namespace's file.</param>
    /// <param name="isSix">IPv6 instead of IPv4.</param>
    /// <param name="isStream">TCP instead of UDP.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeSocketHandle OpenSocket(string at, bool isSix, bool isStream)
    {
        nint descriptor = -1;
        using SafeFileHandle home = Files.Open(at, OpenFlags.ReadOnly);
        OnThread("open a socket in", at, () =>
        {
            if (Syscall.Invoke(SyscallNumber.SetNamespace, home, NewNet) < 0)
            {
                return false;
            }

            // AF_INET6 10, AF_INET 2; SOCK_STREAM 1, SOCK_DGRAM 2; SOCK_CLOEXEC.
            descriptor = Syscall.Invoke(SyscallNumber.Socket, isSix ? 10 : 2, (isStream ? 1 : 2) | 0x80000);
            return descriptor >= 0;
        });
        return new SafeSocketHandle(descriptor, ownsHandle: true);
    }

    private static byte[] Terminated(string path) => KernelPath.FromString(path).Terminated.ToArray();

    private static void OnThread(string action, string target, Func<bool> calls)
    {
        int errno = 0;
        bool done = false;
        Thread thread = new(
            () =>
            {
                done = calls();
                errno = Marshal.GetLastPInvokeError();
            },
            256 * 1024)
        {
            IsBackground = true,
            Name = "network namespace",
        };
        thread.Start();
        thread.Join();
        if (!done)
        {
            throw new KernelException(action, target, (Errno)errno);
        }
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true)]
    private static partial int Mount(nint source, nint target, nint type, nuint flags, nint data);
}
