using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A btrfs in a sparse file, <c>pool.btrfs</c>, mounted at <c>pool/</c> of the data directory: gives cheap snapshots to
/// hosts whose disk has none.
/// </summary>
internal static class PoolFile
{
    /// <summary>What the host lacks for a pool, or null.</summary>
    public static string? Missing()
    {
        if (FindMkfs() is null)
        {
            return "mkfs.btrfs is not installed (Debian package btrfs-progs)";
        }

        return File.Exists("/dev/loop-control") ? null : "there is no /dev/loop-control (kernel module loop)";
    }

    public static bool Exists(string dataDirectory) => File.Exists(FileOf(dataDirectory));

    /// <summary>Makes the pool if there is none, mounts it unless it is mounted, and grows it to the size wanted.</summary>
    /// <returns>The loop device's path.</returns>
    public static string Open(string dataDirectory, long bytes, CancellationToken cancellationToken)
    {
        string file = FileOf(dataDirectory);
        string mountPoint = MountPointOf(dataDirectory);
        if (!File.Exists(file))
        {
            Make(file, bytes, cancellationToken);
        }

        PrivateDirectory.Ensure(mountPoint);
        if (new FileInfo(file).Length < bytes)
        {
            SetLength(file, bytes);
        }

        // Never a second device: two writers on one btrfs destroy it.
        using LoopDevice? existing = LoopDevice.Find(file);
        using LoopDevice device = existing ?? LoopDevice.Attach(file);
        MountEntry? mounted = MountInfo.Read().LastOrDefault(mount => mount.MountPoint == mountPoint);
        if (mounted is null)
        {
            Mounts.Mount(
                device.Path,
                mountPoint,
                "btrfs",
                MountFlags.NoAccessTime | MountFlags.NoDevices | MountFlags.NoSetUserId,
                "discard=async"); // gives the blocks of deleted layers back to the file's filesystem
        }
        else if (mounted.Source != device.Path)
        {
            throw new LayerStoreUnavailableException(
                $"{mountPoint} is taken: {mounted.Type} from {mounted.Source} is mounted there, not {file}");
        }

        FillFile(file, mountPoint, device);
        return device.Path;
    }

    /// <summary>
    /// Grows a mounted pool. The file's length is the record of what was wanted: whoever dies on the way has the rest done by the next
    /// <see cref="Open"/>.
    /// </summary>
    public static void Grow(string dataDirectory, long bytes)
    {
        string file = FileOf(dataDirectory);
        if (new FileInfo(file).Length < bytes)
        {
            SetLength(file, bytes);
        }

        using LoopDevice device = LoopDevice.Find(file) ?? throw new LayerStoreUnavailableException($"no loop device stands for {file}");
        FillFile(file, MountPointOf(dataDirectory), device);
    }

    /// <summary>The file now.</summary>
    public static PoolStatus Status(string dataDirectory)
    {
        string file = FileOf(dataDirectory);
        FileStatus status = Files.Stat(Descriptors.WorkingDirectory, file);
        return new PoolStatus(file, status.Size, status.AllocatedBytes, FileSystems.Stat(dataDirectory).AvailableBytes);
    }

    private static void FillFile(string file, string mountPoint, LoopDevice device)
    {
        // btrfs counts in blocks of 4 KiB.
        if (FileSystems.Stat(mountPoint).TotalBytes >= (new FileInfo(file).Length & ~4095L))
        {
            return;
        }

        device.RefreshSize();
        using SafeFileHandle root = Files.Open(mountPoint, OpenFlags.ReadOnly | OpenFlags.Directory);
        BtrfsVolume.GrowToDevice(root);
    }

    public static string MountPointOf(string dataDirectory) => $"{dataDirectory}/pool";

    private static string FileOf(string dataDirectory) => $"{dataDirectory}/pool.btrfs";

    /// <summary>Makes it beside and renames it: a crash on the way leaves a file that the next start overwrites.</summary>
    private static void Make(string file, long bytes, CancellationToken cancellationToken)
    {
        string fresh = $"{file}.new";
        File.Delete(fresh);
        Files.Open(fresh, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, 0x180).Dispose(); // 0600
        SetLength(fresh, bytes);
        RunMkfs(fresh, cancellationToken);
        using (SafeFileHandle made = Files.Open(fresh, OpenFlags.ReadWrite))
        {
            FileSystems.Sync(made);
        }

        File.Move(fresh, file);
    }

    private static void RunMkfs(string file, CancellationToken cancellationToken)
    {
        string program = FindMkfs() ?? throw new LayerStoreUnavailableException(Missing()!);
        // Metadata once, not twice: the disk below has its own protection, and doubling halves small writes.
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in new[] { "--quiet", "--metadata", "single", "--data", "single", "--label", "sleigh", file })
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        using CancellationTokenRegistration stop = cancellationToken.Register(() => process.Kill());
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            throw new LayerStoreUnavailableException(string.Create(
                CultureInfo.InvariantCulture,
                $"{program} {file} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult().Trim()}"));
        }
    }

    private static void SetLength(string file, long bytes)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(bytes);
    }

    private static string? FindMkfs() =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "mkfs.btrfs"))
            .FirstOrDefault(File.Exists);
}
