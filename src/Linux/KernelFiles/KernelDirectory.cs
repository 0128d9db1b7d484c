using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux.KernelFiles;

/// <summary>
/// An open directory of kernel files (a cgroup, for example). All files are reached through the open descriptor, so a
/// directory made again under the same name meanwhile is never touched by mistake. Safe for use by several threads.
/// </summary>
public sealed class KernelDirectory : IDisposable
{
    private KernelDirectory(string path, SafeFileHandle handle, ulong inode)
    {
        Path = path;
        Handle = handle;
        Inode = inode;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>The descriptor (O_RDONLY, O_DIRECTORY); clone3 takes it for CLONE_INTO_CGROUP (Linux 5.7).</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>The inode number: the identity of a kernel directory, where the path is only its present name.</summary>
    public ulong Inode { get; }

    /// <summary>Opens a directory that exists; null when there is none.</summary>
    /// <exception cref="KernelFileException">Any other failure.</exception>
    public static KernelDirectory? TryOpen(string path)
    {
        int descriptor = OpenAt(Descriptors.WorkingDirectory, path, NativeOpenFlags.Of(OpenFlags.Directory));
        if (descriptor < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno is Errno.ENOENT or Errno.ENODEV
                ? null
                : throw new KernelFileException("open", path, null, errno);
        }

        SafeFileHandle handle = Descriptors.Own(descriptor);
        return new KernelDirectory(path, handle, Files.Stat(handle).Inode);
    }

    /// <summary>Opens a directory that exists.</summary>
    /// <exception cref="KernelFileException">It does not exist or cannot be opened.</exception>
    public static KernelDirectory Open(string path) =>
        TryOpen(path) ?? throw new KernelFileException("open", path, null, Errno.ENOENT);

    /// <summary>Reads a whole file; null when there is no such file or the kernel has the figure switched off.</summary>
    /// <exception cref="KernelFileException">Any other failure.</exception>
    public string? TryRead(string name)
    {
        using SafeFileHandle? file = TryOpenFile(name);
        return file is null ? null : TryReadFile(file, FilePath(name));
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="KernelFileException">It is missing or cannot be read.</exception>
    public string Read(string name) =>
        TryRead(name) ?? throw new KernelFileException("read", FilePath(name), null, Errno.ENOENT);

    /// <summary>Writes <paramref name="value"/> in one call; false when there is no such file.</summary>
    /// <param name="name">The file.</param>
    /// <param name="value">The text.</param>
    /// <param name="nonBlocking">Opens with O_NONBLOCK, which most kernel files ignore.</param>
    /// <exception cref="KernelFileException">The kernel refuses the value.</exception>
    public unsafe bool TryWrite(string name, string value, bool nonBlocking = false)
    {
        OpenFlags flags = OpenFlags.WriteOnly | (nonBlocking ? OpenFlags.NonBlocking : 0);
        int descriptor = OpenAt(Handle, name, NativeOpenFlags.Of(flags));
        if (descriptor < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno is Errno.ENOENT or Errno.ENODEV
                ? false
                : throw new KernelFileException("write", FilePath(name), value, errno);
        }

        using SafeFileHandle file = Descriptors.Own(descriptor);
        byte[] text = Encoding.UTF8.GetBytes(value);
        fixed (byte* start = text)
        {
            if (KernelFileCalls.Write(file, start, (nuint)text.Length) < 0)
            {
                throw new KernelFileException("write", FilePath(name), value, (Errno)Marshal.GetLastPInvokeError());
            }
        }

        return true;
    }

    /// <summary>Writes <paramref name="value"/> in one call.</summary>
    /// <exception cref="KernelFileException">The file is missing, or the kernel refuses the value.</exception>
    public void Write(string name, string value)
    {
        if (!TryWrite(name, value))
        {
            throw new KernelFileException("write", FilePath(name), value, Errno.ENOENT);
        }
    }

    /// <summary>Opens a file for reading and for waiting on its changes; null when there is none or the kernel has it switched off.</summary>
    public SafeFileHandle? TryOpenFile(string name)
    {
        int descriptor = OpenAt(Handle, name, NativeOpenFlags.Of(OpenFlags.ReadOnly));
        if (descriptor >= 0)
        {
            return Descriptors.Own(descriptor);
        }

        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno is Errno.ENOENT or Errno.ENODEV or Errno.EOPNOTSUPP
            ? null
            : throw new KernelFileException("open", FilePath(name), null, errno);
    }

    /// <summary>Reads a file opened by <see cref="TryOpenFile"/> from its start; null when its directory is gone or the figure is off.</summary>
    public unsafe string? TryReadFile(SafeFileHandle file, string path)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            int length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                nint count;
                fixed (byte* start = buffer)
                {
                    count = ReadAt(file, start + length, (nuint)(buffer.Length - length), length);
                }

                if (count < 0)
                {
                    var errno = (Errno)Marshal.GetLastPInvokeError();
                    return errno is Errno.ENODEV or Errno.EOPNOTSUPP
                        ? null
                        : throw new KernelFileException("read", path, null, errno);
                }

                if (count == 0)
                {
                    return Encoding.UTF8.GetString(buffer, 0, length);
                }

                length += (int)count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Gives a file to a user; its group stays.</summary>
    /// <exception cref="KernelFileException">The file is missing.</exception>
    public void SetOwner(string name, uint userId)
    {
        try
        {
            Files.SetOwner(Handle, name, userId, uint.MaxValue);
        }
        catch (KernelException e)
        {
            throw new KernelFileException("give away", FilePath(name), null, e.Errno);
        }
    }

    /// <summary>Makes a directory in this one; false when the name is taken.</summary>
    /// <exception cref="KernelFileException">Any other failure.</exception>
    public bool TryMake(string name)
    {
        if (MakeDirectoryAt(Handle, name, 0b111_101_101) == 0)
        {
            return true;
        }

        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno is Errno.EEXIST ? false : throw new KernelFileException("make", FilePath(name), null, errno);
    }

    /// <summary>Removes a directory in this one. True: it is gone. False: it is in use (EBUSY).</summary>
    /// <exception cref="KernelFileException">Any other failure.</exception>
    public bool TryRemove(string name)
    {
        if (UnlinkAt(Handle, name, KernelFileCalls.RemoveDirectory) == 0)
        {
            return true;
        }

        return (Errno)Marshal.GetLastPInvokeError() switch
        {
            Errno.ENOENT or Errno.ENODEV => true,
            Errno.EBUSY => false,
            var errno => throw new KernelFileException("remove", FilePath(name), null, errno),
        };
    }

    /// <summary>Names of the directories in this one; none when it has been removed meanwhile.</summary>
    public string[] Subdirectories()
    {
        DirectoryInfo self = new($"{Descriptors.PathOf(Handle)}/.");
        try
        {
            return [.. self.EnumerateDirectories().Select(child => child.Name)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The full name of a file in this directory, for messages.</summary>
    public string FilePath(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Closes the descriptor.</summary>
    public void Dispose() => Handle.Dispose();
}
