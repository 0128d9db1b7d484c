using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Sockets;

namespace Sleigh.Linux;

/// <summary>
/// Network namespaces that have a name: a file on which the namespace is mounted, so that it lives without a process (network_namespaces(7)).
/// A thread that enters one sees other interfaces, sockets and <c>/proc/sys/net</c>, but the same files. What a thread starts inherits its
/// namespace, the threads of the runtime too; so each call uses a thread of its own
/// that goes there, makes system calls only and comes back (<see cref="NetworkJourney"/>), and ends.
/// </summary>
public static unsafe class NetworkNamespace
{
    private const int BindMount = 4096;
    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private const nint WorkingDirectory = -100;

    /// <summary>Makes a namespace and mounts it on a file that is there already.</summary>
    /// <exception cref="KernelException">The kernel refused; nothing is mounted.</exception>
    public static void CreateAt(string path)
    {
        byte[] target = Pinned(path);
        byte[] source = Pinned("/proc/thread-self/ns/net");
        _ = Visit("make a network namespace at", path, null, [new NetworkCall { Number = SyscallNumber.Mount, A = Address(source), B = Address(target), D = BindMount }]);
        GC.KeepAlive(source);
        GC.KeepAlive(target);
    }

    /// <summary>Mounts a namespace that was made already, such as one of <see cref="UserNamespace.CreateNetworkAsync"/>, on a file that is there already.</summary>
    /// <exception cref="KernelException">The kernel refused; nothing is mounted.</exception>
    public static void MountAt(string path, SafeFileHandle made)
    {
        byte[] target = Pinned(path);
        byte[] source = Pinned(Descriptors.PathOf(made));
        if (Syscall.Invoke(SyscallNumber.Mount, Address(source), Address(target), 0, BindMount, 0) < 0)
        {
            throw KernelException.Last("mount a network namespace on", path);
        }

        GC.KeepAlive(source);
        GC.KeepAlive(target);
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
        byte[] name = Pinned(file);
        byte[] text = GC.AllocateArray<byte>(Encoding.ASCII.GetByteCount(value), pinned: true);
        Encoding.ASCII.GetBytes(value, text);
        using SafeFileHandle there = Files.Open(at, OpenFlags.ReadOnly);
        NetworkCall[] made = Visit(
            $"write '{value}' to", $"{file} in {at}", there,
            [
                new NetworkCall { Number = SyscallNumber.OpenAt, A = WorkingDirectory, B = Address(name), C = WriteOnly | CloseOnExec },
                new NetworkCall { Number = SyscallNumber.Write, TakesResult = true, B = Address(text), C = text.Length },
            ]);
        Descriptors.Own(made[0].Result).Dispose();
        GC.KeepAlive(name);
        GC.KeepAlive(text);
    }

    /// <summary>Reads a file of <c>/proc/sys/net</c> or <c>/proc/thread-self/net</c> as a process inside the namespace sees it.</summary>
    /// <param name="at">The namespace's file.</param>
    /// <param name="file">The file, an absolute path.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static string ReadFile(string at, string file)
    {
        byte[] name = Pinned(file);
        using SafeFileHandle there = Files.Open(at, OpenFlags.ReadOnly);
        NetworkCall[] made = Visit(
            "open", $"{file} in {at}", there, [new NetworkCall { Number = SyscallNumber.OpenAt, A = WorkingDirectory, B = Address(name), C = CloseOnExec }]);
        GC.KeepAlive(name);
        using FileStream stream = new(Descriptors.Own(made[0].Result), FileAccess.Read, 1);
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
        using SafeFileHandle there = Files.Open(at, OpenFlags.ReadOnly);

        // AF_INET6 10, AF_INET 2; SOCK_STREAM 1, SOCK_DGRAM 2.
        NetworkCall[] made = Visit(
            "open a socket in", at, there, [new NetworkCall { Number = SyscallNumber.Socket, A = isSix ? 10 : 2, B = (isStream ? 1 : 2) | CloseOnExec }]);
        return new SafeSocketHandle(made[0].Result, ownsHandle: true);
    }

    /// <summary>A netlink socket inside the namespace (netlink(7)).</summary>
    /// <param name="at">The namespace's file.</param>
    /// <param name="protocol">Such as NETLINK_NETFILTER.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    internal static SafeFileHandle OpenNetlink(string at, int protocol)
    {
        using SafeFileHandle there = Files.Open(at, OpenFlags.ReadOnly);

        // AF_NETLINK 16, SOCK_RAW 3.
        NetworkCall[] made = Visit("open a netlink socket in", at, there, [new NetworkCall { Number = SyscallNumber.Socket, A = 16, B = 3 | CloseOnExec, C = protocol }]);
        return Descriptors.Own(made[0].Result);
    }

    private static byte[] Pinned(string path)
    {
        ReadOnlySpan<byte> terminated = KernelPath.FromString(path).Terminated;
        byte[] pinned = GC.AllocateArray<byte>(terminated.Length, pinned: true);
        terminated.CopyTo(pinned);
        return pinned;
    }

    private static nint Address(byte[] pinned) => (nint)Unsafe.AsPointer(ref pinned[0]);

    /// <summary>Makes the calls there; gives them back with their results. When one fails, what the first had opened is closed.</summary>
    /// <param name="action">What it is for the error.</param>
    /// <param name="target">To what.</param>
    /// <param name="there">The namespace; null: a new one.</param>
    /// <param name="calls">The calls.</param>
    private static NetworkCall[] Visit(string action, string target, SafeFileHandle? there, NetworkCall[] calls)
    {
        NetworkCall[] pinned = GC.AllocateArray<NetworkCall>(calls.Length, pinned: true);
        calls.CopyTo(pinned);
        using SafeFileHandle home = Files.Open("/proc/self/ns/net", OpenFlags.ReadOnly);
        NetworkJourney.Plan plan = NetworkJourney.To(
            Descriptors.Number(home), there is null ? NetworkJourney.Fresh : Descriptors.Number(there), (NetworkCall*)Unsafe.AsPointer(ref pinned[0]), pinned.Length);
        NetworkJourney.Plan* address = &plan;
        Thread thread = new(() => NetworkJourney.Make(address), 256 * 1024) { IsBackground = true, Name = "network namespace" };
        thread.Start();
        thread.Join();
        if (plan.IsDone)
        {
            return pinned;
        }

        if (pinned.Length > 1 && pinned[0].Result > 0)
        {
            Descriptors.Own(pinned[0].Result).Dispose();
        }

        throw new KernelException(action, target, (Errno)plan.ErrorNumber);
    }
}
