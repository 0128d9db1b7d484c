using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// A loop device: a file as a block device (loop(4)). It is made with autoclear, so it goes by itself when the last
/// opener and the last mount are gone; whoever dies between attaching and mounting leaves nothing.
/// </summary>
public sealed partial class LoopDevice : IDisposable
{
    private const nuint GetFree = 0x4C82;
    private const nuint ConfigureRequest = 0x4C0A;
    private const nuint GetStatus64 = 0x4C05;
    private const nuint SetCapacity = 0x4C07;
    private const uint AutoClear = 4;
    private const uint DirectIo = 16;
    private const int StatusSize = 232;
    private const int FlagsOffset = 0x34;
    private const int NameOffset = 0x38;

    private readonly SafeFileHandle _device;

    private LoopDevice(string path, SafeFileHandle device)
    {
        Path = path;
        _device = device;
    }

    /// <summary>The device, such as <c>/dev/loop3</c>.</summary>
    public string Path { get; }

    /// <summary>Whether the kernel goes past the page cache of the backing file (it falls back silently).</summary>
    public bool HasDirectIo => (BinaryPrimitives.ReadUInt32LittleEndian(Status(_device).AsSpan(FlagsOffset)) & DirectIo) != 0;

    /// <summary>
    /// Attaches a file to a free device with direct I/O and autoclear (LOOP_CONFIGURE, Linux 5.8), blocks of 4 KiB.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused, or there are no loop devices.</exception>
    public static LoopDevice Attach(string file)
    {
        using SafeFileHandle backing = Files.Open(file, OpenFlags.ReadWrite);
        using SafeFileHandle control = Files.Open("/dev/loop-control", OpenFlags.ReadWrite);
        for (int attempt = 1; ; attempt++)
        {
            int number = Ioctl(control, GetFree, 0);
            if (number < 0)
            {
                throw KernelException.Last("find a free loop device for", file);
            }

            string path = string.Create(CultureInfo.InvariantCulture, $"/dev/loop{number}");
            SafeFileHandle device = Files.Open(path, OpenFlags.ReadWrite);
            if (TryConfigure(device, backing, file, out Errno errno))
            {
                return new LoopDevice(path, device);
            }

            device.Dispose();
            // Between asking for a free device and taking it, somebody else may take it.
            if (errno != Errno.EBUSY || attempt == 20)
            {
                throw new KernelException($"attach {path} to", file, errno);
            }
        }
    }

    /// <summary>Opens the device that already stands for this file, if there is one.</summary>
    /// <exception cref="KernelException">The file cannot be opened.</exception>
    public static LoopDevice? Find(string file)
    {
        FileStatus wanted = Files.Stat(Descriptors.WorkingDirectory, file);
        foreach (string block in Directory.EnumerateDirectories("/sys/block", "loop*"))
        {
            if (!File.Exists($"{block}/loop/backing_file"))
            {
                continue;
            }

            string path = $"/dev/{System.IO.Path.GetFileName(block)}";
            SafeFileHandle device = Files.Open(path, OpenFlags.ReadWrite);
            if (IsBackedBy(device, wanted))
            {
                return new LoopDevice(path, device);
            }

            device.Dispose();
        }

        return null;
    }

    /// <summary>Takes over the backing file's new size (LOOP_SET_CAPACITY).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void RefreshSize()
    {
        if (Ioctl(_device, SetCapacity, 0) < 0)
        {
            throw KernelException.Last("refresh the size of", Path);
        }
    }

    /// <summary>Closes our descriptor; unless it is mounted, the device detaches itself.</summary>
    public void Dispose() => _device.Dispose();

    private static bool TryConfigure(SafeFileHandle device, SafeFileHandle backing, string name, out Errno errno)
    {
        // struct loop_config: u32 fd, u32 block_size, struct loop_info64, 8 reserved words.
        byte[] config = new byte[0x130];
        BinaryPrimitives.WriteInt32LittleEndian(config, Descriptors.Number(backing));
        BinaryPrimitives.WriteUInt32LittleEndian(config.AsSpan(4), 4096);
        Span<byte> info = config.AsSpan(8, StatusSize);
        BinaryPrimitives.WriteUInt32LittleEndian(info[FlagsOffset..], AutoClear | DirectIo);
        byte[] label = Encoding.UTF8.GetBytes(name);
        label.AsSpan(0, Math.Min(label.Length, 63)).CopyTo(info[NameOffset..]);

        errno = Ioctl(device, ConfigureRequest, config) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.None;
    }

    private static bool IsBackedBy(SafeFileHandle device, FileStatus file)
    {
        byte[] status = new byte[StatusSize];
        // struct loop_info64 begins with the backing file's device and inode. ENXIO: detached meanwhile.
        return Ioctl(device, GetStatus64, status) == 0
            && BinaryPrimitives.ReadUInt64LittleEndian(status.AsSpan(8)) == file.Inode
            && SameDevice(BinaryPrimitives.ReadUInt64LittleEndian(status), file.Device);
    }

    // lo_device is in the kernel's "huge" encoding, which equals makedev's for the numbers in use.
    private static bool SameDevice(ulong loop, ulong device) => loop == device;

    private static byte[] Status(SafeFileHandle device)
    {
        byte[] status = new byte[StatusSize];
        return Ioctl(device, GetStatus64, status) == 0
            ? status
            : throw KernelException.Last("read the status of", device, default);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle device, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle device, nuint request, Span<byte> argument);
}
