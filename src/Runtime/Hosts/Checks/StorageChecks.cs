using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Checks;

/// <summary>The disk below the data directory: its filesystem, how layers are kept on it, and what is free.</summary>
internal sealed class StorageChecks(SleighOptions options)
{
    private const double Scarce = 0.05;
    private const double Gone = 0.01;
    private const string ImageFolder = "/var/lib/containerd";

    public IEnumerable<HostCheck> List() =>
    [
        new("data directory", () =>
        {
            string place = Nearest(options.DataDir);
            return FileSystem(options.DataDir, FileSystemName.Of(FileSystems.Stat(place).Magic), exists: place == options.DataDir);
        }),
        new("layer store", () => Layers(Outlook(options))),
        new("btrfs", () => Btrfs(Outlook(options), KernelHasBtrfs(), HostTool.Find("mkfs.btrfs") is not null, File.Exists("/dev/loop-control"))),
        new("disk limits", () => DiskLimits(Outlook(options), HostQuotas(), HostProjects(), options.Storage.SoftDiskLimits)),
        new("disk errors", () =>
        {
            string layers = LayerDirectory(options);
            return DiskErrors(layers, CountedErrors(layers));
        }),
        new("free space", () =>
        {
            (string Name, long, long)[] places = [.. Places().Select(p => (p.Name, p.Disk.AvailableBytes, p.Disk.TotalBytes))];
            return Outgrows(places, Free(places, HostText.Size, "space"));
        }),
        new("free inodes", () => Free([.. Places().Select(p => (p.Name, p.Disk.FreeFiles, p.Disk.TotalFiles))], n => $"{n}", "inodes")),
    ];

    internal static Finding FileSystem(string directory, string? type, bool exists)
    {
        string seen = $"{directory} {(exists ? "is" : "will be")} on {type ?? "an unknown filesystem"}";
        const string move = "put data_dir on a local ext4, XFS or btrfs";
        return type switch
        {
            "nfs" or "cifs" or "9p" or "fuse" or "ceph" => Finding.Fail($"{seen}, where locks and overlays do not work", move),
            "tmpfs" => Finding.Warn($"{seen}: nothing survives a reboot", move),
            "overlay" => Finding.Warn($"{seen}: layers can lie in a pool file only; is sleighd in a container?", move),
            null => Finding.Warn(seen, move),
            _ => Finding.Ok(seen),
        };
    }

    internal static Finding Layers(LayerOutlook outlook)
    {
        string seen = $"{outlook.Kind.ToString().ToLowerInvariant()} ({outlook.Reason})";
        return outlook.Kind == LayerDriverKind.Copy
            ? Finding.Warn($"{seen}: a snapshot copies what changed", "apt install btrfs-progs before the first start, or put data_dir on btrfs or XFS")
            : Finding.Ok(seen);
    }

    internal static Finding Btrfs(LayerOutlook outlook, bool kernel, bool tools, bool loop)
    {
        bool needsPool = outlook is { Kind: LayerDriverKind.Btrfs, UsesPool: true };
        if (!kernel)
        {
            string seen = "the kernel has no btrfs";
            string remedy = $"modprobe btrfs; where that fails, {KernelChecks.NewKernel(RuntimeInformation.ProcessArchitecture)}";
            return outlook.Kind == LayerDriverKind.Btrfs ? Finding.Fail(seen, remedy) : Finding.Warn(seen, remedy);
        }

        return !tools ? Finding.Warn("mkfs.btrfs is not installed: no pool can be made", "apt install btrfs-progs")
            : !loop && needsPool ? Finding.Fail("there is no /dev/loop-control, and the pool needs it", "modprobe loop")
            : Finding.Ok("the kernel and btrfs-progs have it");
    }

    /// <summary>Whether <c>disk_limit_mb</c> can be held, and how.</summary>
    /// <param name="outlook">How layers are or will be kept.</param>
    /// <param name="quotas">The quotas of the data directory's filesystem, where that is a btrfs.</param>
    /// <param name="missing">What its project quotas lack; null: they hold limits.</param>
    /// <param name="softly">Whether they are held by looking where the kernel cannot.</param>
    internal static Finding DiskLimits(LayerOutlook outlook, BtrfsQuotaMode? quotas, string? missing, bool softly) => (outlook.Kind, outlook.UsesPool, quotas) switch
    {
        (LayerDriverKind.Btrfs, true, _) => Finding.Ok("held by btrfs quotas in the pool, switched on with the first disk_limit_mb"),
        (LayerDriverKind.Btrfs, false, BtrfsQuotaMode.Full) => Finding.Ok("held by the quotas of the host's btrfs"),
        (LayerDriverKind.Btrfs, false, BtrfsQuotaMode.Simple) => Finding.Warn(
            $"{Without(softly)}: the btrfs keeps simple quotas, which do not count what a layer holds", "btrfs quota disable, then btrfs quota enable, on the filesystem of data_dir"),
        (LayerDriverKind.Btrfs, false, _) => Finding.Warn(
            $"{Without(softly)}: the quotas of the host's btrfs are off", "btrfs quota enable, on the filesystem of data_dir; not needed without disk limits"),
        _ when missing is null => Finding.Ok("held by the project quotas of the filesystem of data_dir"),
        _ => Finding.Warn(
            $"{Without(softly)}: the project quotas of the filesystem of data_dir are off", $"{missing}; not needed without disk limits"),
    };

    /// <summary>What the btrfs of the layers has met on its disks.</summary>
    /// <param name="layers">Where the layers lie.</param>
    /// <param name="counted">Its counters that are not zero; null: it is no btrfs, or there are no layers yet.</param>
    internal static Finding DiskErrors(string layers, IReadOnlyList<BtrfsErrorCount>? counted) => counted switch
    {
        null => Finding.Ok($"nobody counts those of {layers}, which is not on btrfs"),
        [] => Finding.Ok($"{layers} has met none"),
        _ => Finding.Warn(
            $"{layers} has met {string.Join(", ", counted.Select(e => $"{e.Count} {e.Kind} of device {e.Device}"))}: files may be damaged",
            "sleighctl storage scrub, after which the kernel log names the files; take them out of a snapshot or a backup, then btrfs device stats -z on that directory"),
    };

    private static string Without(bool softly) => softly
        ? "disk_limit_mb is soft (commands of a sandbox that is seen over it are ended)"
        : "disk_limit_mb is refused";

    /// <summary>Names with what is free and what there is; a total of 0 has no limit.</summary>
    internal static Finding Free(IReadOnlyList<(string Name, long Free, long Total)> places, Func<long, string> show, string what)
    {
        string seen = string.Join("; ", places.Select(p => p.Total == 0 ? $"{p.Name}: no limit" : $"{p.Name}: {show(p.Free)} of {show(p.Total)} free"));
        double least = places.Where(p => p.Total > 0).Select(p => (double)p.Free / p.Total).DefaultIfEmpty(1).Min();
        string remedy = what == "space"
            ? "sleighctl image prune --dry-run shows images to remove; sleighctl snapshots and sleighctl ls, what else to delete"
            : "delete sandboxes and images that are no longer needed; a filesystem's inodes are set when it is made";
        return least < Gone ? Finding.Fail(seen, remedy) : least < Scarce ? Finding.Warn(seen, remedy) : Finding.Ok(seen);
    }

    /// <summary>The pool's file is sparse: it may be promised more than the disk below has.</summary>
    internal static Finding Outgrows(IReadOnlyList<(string Name, long Free, long Total)> places, Finding finding) =>
        places.Any(p => p.Name == "pool" && p.Free > places[0].Free) ? finding with { Seen = $"{finding.Seen}; the pool can outgrow the disk" } : finding;

    /// <summary>The directory in whose filesystem layers lie now; null: in that of a pool which is yet to be mounted, or nobody can tell.</summary>
    internal static string? LayersNow(SleighOptions options)
    {
        string now = LayerDirectory(options);
        try
        {
            return now == LayerOutlook.PoolMountPoint(options.DataDir) || !Outlook(options).UsesPool ? now : null;
        }
        catch (LayerStoreUnavailableException)
        {
            return null;
        }
    }

    /// <summary>A directory, or the nearest parent that exists.</summary>
    internal static string Nearest(string path)
    {
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }

        return path;
    }

    private static LayerOutlook Outlook(SleighOptions options) =>
        LayerOutlook.Of(options.DataDir, Enum.Parse<LayerDriverKind>(options.Storage.Driver.ToString()), KernelHasBtrfs());

    private BtrfsQuotaMode? HostQuotas()
    {
        string place = Nearest(options.DataDir);
        if (FileSystems.Stat(place).Magic != FileSystems.Btrfs)
        {
            return null;
        }

        using SafeFileHandle directory = Files.Open(place, OpenFlags.ReadOnly | OpenFlags.Directory);
        return BtrfsQuota.Status(directory).Mode;
    }

    private string? HostProjects()
    {
        using SafeFileHandle directory = Files.Open(Nearest(options.DataDir), OpenFlags.ReadOnly | OpenFlags.Directory);
        return LayerOutlook.LacksForProjects(directory);
    }

    private static string LayerDirectory(SleighOptions options)
    {
        string pool = LayerOutlook.PoolMountPoint(options.DataDir);
        return MountInfo.Read().Any(m => m.MountPoint == pool) ? pool : Nearest($"{options.DataDir}/layers");
    }

    private static IReadOnlyList<BtrfsErrorCount>? CountedErrors(string layers)
    {
        if (FileSystems.Stat(layers).Magic != FileSystems.Btrfs)
        {
            return null;
        }

        using SafeFileHandle directory = Files.Open(layers, OpenFlags.ReadOnly | OpenFlags.Directory);
        return BtrfsDevices.Errors(directory);
    }

    private static bool KernelHasBtrfs() => HostText.HasFileSystem(HostText.Of("/proc/filesystems") ?? "", "btrfs")
        || HostText.ListsModule(KernelChecks.Modules("modules.dep") + KernelChecks.Modules("modules.builtin"), "btrfs");

    private IEnumerable<(string Name, FileSystemStatus Disk)> Places()
    {
        FileSystemStatus disk = FileSystems.Stat(Nearest(options.DataDir));
        yield return ("disk", disk);
        string pool = LayerOutlook.PoolMountPoint(options.DataDir);
        if (MountInfo.Read().Any(m => m.MountPoint == pool))
        {
            yield return ("pool", FileSystems.Stat(pool));
        }

        // Where the system's containerd keeps images unless it is told otherwise. The same figures: the same filesystem.
        if (!ContainerdPlace.Of(options).IsPrivate && Directory.Exists(ImageFolder) && FileSystems.Stat(ImageFolder) is var images && images.TotalBytes != disk.TotalBytes)
        {
            yield return ("images", images);
        }
    }
}
