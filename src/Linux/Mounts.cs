using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// The mount calls by descriptor (Linux 5.2; mount_setattr 5.12). They act on the caller's mount namespace; to act in
/// another one, write a <see cref="NamespaceProgram"/>.
/// </summary>
public static partial class Mounts
{
    internal const int FromEmptyPath = 0x04;
    internal const int ToEmptyPath = 0x40;
    internal const int AtEmptyPath = 0x1000;
    internal const int AtRecursive = 0x8000;
    internal const int OpenTreeCloseOnExec = 0x80000;
    private const ulong IdMapped = 0x00100000;
    internal const ulong PropagationPrivate = (ulong)MountFlags.Private;

    /// <summary>fsopen(2): starts to configure a filesystem of this type.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe SafeFileHandle OpenFileSystem(string type)
    {
        fixed (byte* name = KernelPath.FromString(type).Terminated)
        {
            nint descriptor = Syscall.Invoke(SyscallNumber.FsOpen, (nint)name, 1); // FSOPEN_CLOEXEC
            return descriptor < 0 ? throw KernelException.Last("open filesystem type", type) : Descriptors.Own(descriptor);
        }
    }

    /// <summary>fsconfig(2) with a text of at most 255 bytes: the kernel refuses longer ones with EINVAL.</summary>
    /// <exception cref="KernelException">The kernel refused; the text holds what the mount log says.</exception>
    public static unsafe void Configure(SafeFileHandle fileSystem, string key, string value)
    {
        fixed (byte* k = KernelPath.FromString(key).Terminated, v = KernelPath.FromString(value).Terminated)
        {
            Configure(fileSystem, ConfigureCommand.String, (nint)k, (nint)v, 0, $"{key}={value}");
        }
    }

    /// <summary>fsconfig(2) with a key alone, such as <c>volatile</c>.</summary>
    /// <exception cref="KernelException">The kernel refused; the text holds what the mount log says.</exception>
    public static unsafe void Configure(SafeFileHandle fileSystem, string key)
    {
        fixed (byte* k = KernelPath.FromString(key).Terminated)
        {
            Configure(fileSystem, ConfigureCommand.Flag, (nint)k, 0, 0, key);
        }
    }

    /// <summary>fsconfig(2) with a descriptor, which overlay takes for its layers since Linux 6.13.</summary>
    /// <exception cref="KernelException">The kernel refused; the text holds what the mount log says.</exception>
    public static unsafe void Configure(SafeFileHandle fileSystem, string key, SafeFileHandle value)
    {
        fixed (byte* k = KernelPath.FromString(key).Terminated)
        {
            Configure(fileSystem, ConfigureCommand.Descriptor, (nint)k, 0, Descriptors.Number(value), $"{key} by descriptor");
            GC.KeepAlive(value);
        }
    }

    /// <summary>fsconfig(2) with FSCONFIG_CMD_CREATE: makes the filesystem as configured.</summary>
    /// <exception cref="KernelException">The kernel refused; the text holds what the mount log says.</exception>
    public static void Create(SafeFileHandle fileSystem) =>
        Configure(fileSystem, ConfigureCommand.Create, 0, 0, 0, "create");

    /// <summary>fsmount(2): a detached mount. It is gone with the handle unless it was moved somewhere.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle MountDetached(SafeFileHandle fileSystem, MountAttributes attributes)
    {
        nint descriptor = Syscall.Invoke(SyscallNumber.FsMount, fileSystem, 1, (nint)attributes); // FSMOUNT_CLOEXEC
        return descriptor < 0
            ? throw KernelException.Last("mount", fileSystem, default)
            : Descriptors.Own(descriptor);
    }

    /// <summary>open_tree(2).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe SafeFileHandle OpenTree(SafeFileHandle directory, KernelPath path, OpenTreeFlags flags)
    {
        fixed (byte* name = path.Terminated)
        {
            int all = (int)flags | OpenTreeCloseOnExec | (path.IsEmpty ? AtEmptyPath : 0);
            nint descriptor = Syscall.Invoke(SyscallNumber.OpenTree, directory, (nint)name, all);
            return descriptor < 0 ? throw KernelException.Last("open tree", directory, path) : Descriptors.Own(descriptor);
        }
    }

    /// <summary>move_mount(2) from one descriptor to another.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe void Move(SafeFileHandle mount, SafeFileHandle target)
    {
        byte empty = 0;
        if (Syscall.Invoke(SyscallNumber.MoveMount, mount, (nint)(&empty), target, (nint)(&empty), FromEmptyPath | ToEmptyPath) < 0)
        {
            throw KernelException.Last("move mount to", target, default);
        }
    }

    /// <summary>mount_setattr(2): adds attributes; with <paramref name="makePrivate"/> the mount leaves its peer group.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe void SetAttributes(SafeFileHandle mount, MountAttributes add, bool makePrivate, bool recursive)
    {
        // struct mount_attr: attr_set, attr_clr, propagation, userns_fd.
        ulong* attributes = stackalloc ulong[] { (ulong)add, 0, makePrivate ? PropagationPrivate : 0, 0 };
        byte empty = 0;
        int flags = AtEmptyPath | (recursive ? AtRecursive : 0);
        if (Syscall.Invoke(SyscallNumber.MountSetAttr, mount, (nint)(&empty), flags, (nint)attributes, 32) < 0)
        {
            throw KernelException.Last("set the attributes of mount", mount, default);
        }
    }

    /// <summary>
    /// mount_setattr(2) with MOUNT_ATTR_IDMAP (Linux 5.12): files show under the ids that theirs have outside of a user namespace, and owners that are set
    /// are mapped back. For a detached mount that is no such one yet, once.
    /// </summary>
    /// <param name="mount">The mount, from <see cref="OpenTree"/> with <see cref="OpenTreeFlags.Clone"/>.</param>
    /// <param name="userNamespace">Whose mapping it is.</param>
    /// <param name="recursive">All mounts below it too: all of them or none.</param>
    /// <exception cref="KernelException">EINVAL: a filesystem cannot do it.</exception>
    public static unsafe void MapOwners(SafeFileHandle mount, SafeFileHandle userNamespace, bool recursive)
    {
        ulong* attributes = stackalloc ulong[] { IdMapped, 0, 0, (ulong)Descriptors.Number(userNamespace) };
        byte empty = 0;
        int flags = AtEmptyPath | (recursive ? AtRecursive : 0);
        if (Syscall.Invoke(SyscallNumber.MountSetAttr, mount, (nint)(&empty), flags, (nint)attributes, 32) < 0)
        {
            throw KernelException.Last("map the owners of mount", mount, default);
        }

        GC.KeepAlive(userNamespace);
    }

    /// <summary>mount(2). The kernel copies at most one page of options and cuts off the rest without an error.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    /// <exception cref="ArgumentException">The options are longer than a page.</exception>
    public static void Mount(KernelPath source, KernelPath target, string? type, MountFlags flags, string? options = null)
    {
        byte[]? data = options is null ? null : Encoding.UTF8.GetBytes(options + '\0');
        if (data is { Length: > 4096 })
        {
            throw new ArgumentException($"mount options of {data.Length} bytes do not fit into one page", nameof(options));
        }

        if (Mount(source.Terminated, target.Terminated, type, (nuint)flags, data) != 0)
        {
            throw KernelException.Last(type is null ? "mount" : $"mount {type} at", target.ToString());
        }
    }

    /// <summary>umount2(2) of a mount point, not following a link. With <paramref name="detach"/>: also when busy (MNT_DETACH).</summary>
    /// <exception cref="KernelException">The kernel refused: EBUSY, EINVAL if nothing is mounted there.</exception>
    public static void Unmount(KernelPath target, bool detach = false)
    {
        if (Unmount(target.Terminated, 8 | (detach ? 2 : 0)) != 0) // UMOUNT_NOFOLLOW, MNT_DETACH
        {
            throw KernelException.Last("unmount", target.ToString());
        }
    }

    private static void Configure(
        SafeFileHandle fileSystem, ConfigureCommand command, nint key, nint value, int auxiliary, string what)
    {
        if (Syscall.Invoke(SyscallNumber.FsConfig, fileSystem, (nint)command, key, value, auxiliary) < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            throw new KernelException("configure filesystem", what, errno, ReadLog(fileSystem));
        }
    }

    /// <summary>What the kernel wrote about the failure; one message per read.</summary>
    private static string ReadLog(SafeFileHandle fileSystem)
    {
        byte[] buffer = new byte[1024];
        var log = new StringBuilder();
        nint length;
        while ((length = Read(fileSystem, buffer, (nuint)buffer.Length)) > 0)
        {
            log.Append(log.Length > 0 ? "; " : "").Append(Encoding.UTF8.GetString(buffer, 0, (int)length).Trim());
        }

        return log.ToString();
    }

    private enum ConfigureCommand
    {
        Flag = 0,
        String = 1,
        Descriptor = 5,
        Create = 6,
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(
        ReadOnlySpan<byte> source, ReadOnlySpan<byte> target, string? type, nuint flags, byte[]? options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true)]
    private static partial int Unmount(ReadOnlySpan<byte> target, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle file, Span<byte> buffer, nuint size);
}
