using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>An opened data directory: the lock on it, the driver chosen, and the filesystem the layers lie in.</summary>
internal sealed class LayerStorage
{
    private readonly Lock _growing = new();
    private readonly FileStream _lock;
    private readonly string _reason;
    private readonly string _root;
    private readonly string? _poolDevice;
    private readonly LayerDriverKind _kind;
    private int _closed;

    private LayerStorage(FileStream held, LayerDriverKind kind, string reason, string root, string? poolDevice, ILayerDriver driver)
    {
        _lock = held;
        _kind = kind;
        _reason = reason;
        _root = root;
        _poolDevice = poolDevice;
        Driver = driver;
    }

    public ILayerDriver Driver { get; }

    public static LayerStorage Open(LayerStoreOptions options, CancellationToken cancellationToken)
    {
        string data = Prepare(options);
        FileStream held = Lock(data);
        bool complete = false;
        try
        {
            (LayerDriverKind kind, string reason) = LayerDriverChoice.Choose(options.Driver, data);
            LayerStorage storage = kind == LayerDriverKind.Btrfs
                ? OpenBtrfs(held, reason, data, options, cancellationToken)
                : OpenCopying(held, kind, reason, data);
            LayerDriverChoice.Remember(data, kind);
            complete = true;
            return storage;
        }
        finally
        {
            if (!complete)
            {
                held.Dispose();
            }
        }
    }

    public LayerStoreStatus Status()
    {
        FileSystemStatus disk = FileSystems.Stat(_root);
        return new LayerStoreStatus(_kind, _reason, _root, disk.TotalBytes, disk.AvailableBytes, _poolDevice);
    }

    /// <summary>The pool's file; null where layers lie elsewhere.</summary>
    public PoolStatus? Pool() => _poolDevice is null ? null : PoolFile.Status(Data);

    /// <summary>What the btrfs under the layers has met on its disks; empty where they lie in another filesystem.</summary>
    public IReadOnlyList<BtrfsErrorCount> DiskErrors()
    {
        using SafeFileHandle root = Files.Open(_root, OpenFlags.ReadOnly | OpenFlags.Directory);
        return FileSystems.Stat(root).Magic == FileSystems.Btrfs ? BtrfsDevices.Errors(root) : [];
    }

    /// <summary>Grows the pool.</summary>
    public void GrowPool(long bytes)
    {
        if (_poolDevice is null)
        {
            throw new LayerStoreUnavailableException("the layers are not in a pool file: they use what the filesystem of data_dir has");
        }

        lock (_growing)
        {
            PoolFile.Grow(Data, bytes);
        }
    }

    /// <summary>Makes ready to check what lies on the disks; null where layers lie in another filesystem, which cannot tell.</summary>
    public LayerScrub? NewScrub() => _kind == LayerDriverKind.Btrfs ? new LayerScrub(_root) : null;

    /// <summary>Blocks of all files of a layer; null: there is none.</summary>
    public LayerHolding? Measure(LayerId id, CancellationToken cancellationToken)
    {
        using SafeFileHandle root = Files.Open(_root, OpenFlags.ReadOnly | OpenFlags.Directory);
        using SafeFileHandle? layer = Files.TryOpen(
            root, $"{(id.IsLive ? "live" : "sealed")}/{id}", OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, ResolveFlags.Beneath, out _);
        return layer is null ? null : LayerMeasure.Of(layer, cancellationToken);
    }

    // The pool is mounted at a directory of the data directory.
    private string Data => Path.GetDirectoryName(_root)!;

    public void Flush()
    {
        using SafeFileHandle root = Files.Open(_root, OpenFlags.ReadOnly | OpenFlags.Directory);
        FileSystems.Sync(root);
    }

    /// <summary>
    /// btrfs frees the blocks of deleted subvolumes when its cleaner runs, every half minute. When space is short that is
    /// too late, and this wakes it; otherwise the flush that goes with it would only disturb.
    /// </summary>
    public void HastenReclaim()
    {
        LayerStoreStatus status = Status();
        if (_kind == LayerDriverKind.Btrfs && status.FreeBytes < status.TotalBytes / 10)
        {
            using SafeFileHandle root = Files.Open(_root, OpenFlags.ReadOnly | OpenFlags.Directory);
            BtrfsVolume.Sync(root);
        }
    }

    public void Close(bool unmount)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        (Driver as IDisposable)?.Dispose();
        if (unmount && _poolDevice is not null)
        {
            Mounts.Unmount(_root);
        }

        _lock.Dispose();
    }

    private static LayerStorage OpenBtrfs(
        FileStream held, string reason, string data, LayerStoreOptions options, CancellationToken cancellationToken)
    {
        if (LayerDriverChoice.IsBtrfs(data))
        {
            string direct = $"{data}/layers";
            return new LayerStorage(held, LayerDriverKind.Btrfs, reason, direct, null, new BtrfsDriver(direct, isPool: false));
        }

        string device = PoolFile.Open(data, options.PoolBytes, cancellationToken);
        string pool = PoolFile.MountPointOf(data);
        return new LayerStorage(held, LayerDriverKind.Btrfs, reason, pool, device, new BtrfsDriver(pool, isPool: true));
    }

    private static LayerStorage OpenCopying(FileStream held, LayerDriverKind kind, string reason, string data)
    {
        string root = $"{data}/layers";
        return new LayerStorage(
            held, kind, reason, root, null, new CopyDriver(root, kind == LayerDriverKind.Reflink, TimeProvider.System));
    }

    private static string Prepare(LayerStoreOptions options)
    {
        if (!Path.IsPathFullyQualified(options.DataDirectory))
        {
            throw new LayerStoreUnavailableException($"the data directory must be absolute: '{options.DataDirectory}'");
        }

        if (options.PoolBytes < LayerStoreOptions.MinPoolBytes)
        {
            throw new LayerStoreUnavailableException(
                $"a pool of {options.PoolBytes} bytes is too small, at least {LayerStoreOptions.MinPoolBytes}");
        }

        Directory.CreateDirectory(options.DataDirectory);
        // mountinfo shows real paths; so that a pool mounted through a link is found again.
        return Files.RealPath(options.DataDirectory);
    }

    private static FileStream Lock(string data)
    {
        string file = $"{data}/layers.lock";
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException ex) when (File.Exists(file))
        {
            throw new LayerStoreUnavailableException($"another process uses the layers in {data}", ex);
        }
    }
}
