using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Which driver a data directory gets. Once chosen it is written down there: layers of one driver mean nothing to
/// another, so a host that gains or loses btrfs must not lose its snapshots.
/// </summary>
internal static class LayerDriverChoice
{
    /// <summary>The driver to use, and why.</summary>
    /// <exception cref="LayerStoreUnavailableException">The one wanted cannot be had.</exception>
    public static (LayerDriverKind Kind, string Reason) Choose(LayerDriverKind wanted, string data)
    {
        LayerDriverKind? present = Remembered(data);
        if (present is LayerDriverKind kept && wanted is not LayerDriverKind.Auto && wanted != kept)
        {
            throw Mismatch(data, kept, wanted);
        }

        if (present is LayerDriverKind before)
        {
            return (before, "chosen when the data directory was made");
        }

        return wanted == LayerDriverKind.Auto ? Best(data) : (wanted, Require(wanted, data));
    }

    public static void Remember(string data, LayerDriverKind kind)
    {
        string file = FileOf(data);
        if (!File.Exists(file))
        {
            File.WriteAllText($"{file}.new", $"{Name(kind)}\n");
            File.Move($"{file}.new", file);
        }
    }

    /// <summary>The refusal of a driver that did not make the layers that are there.</summary>
    public static LayerStoreUnavailableException Mismatch(string data, LayerDriverKind kept, LayerDriverKind wanted) => new(
        $"the layers in {data} were made by driver {Name(kept)}, not {Name(wanted)}; set the driver to auto, or use another data directory");

    public static bool IsBtrfs(string data) => FileSystems.Stat(data).Magic == FileSystems.Btrfs;

    private static (LayerDriverKind Kind, string Reason) Best(string data)
    {
        if (IsBtrfs(data))
        {
            return (LayerDriverKind.Btrfs, "the data directory is on btrfs");
        }

        string? missing = PoolFile.Missing() ?? KernelLacksBtrfs();
        if (missing is null)
        {
            return (LayerDriverKind.Btrfs, "in a pool file, as the data directory is not on btrfs");
        }

        return CanClone(data)
            ? (LayerDriverKind.Reflink, $"no btrfs: {missing}; the filesystem can clone files")
            : (LayerDriverKind.Copy, $"no btrfs: {missing}; the filesystem cannot clone files");
    }

    private static string Require(LayerDriverKind wanted, string data)
    {
        string? missing = wanted switch
        {
            LayerDriverKind.Btrfs when !IsBtrfs(data) => PoolFile.Missing(),
            LayerDriverKind.Reflink when !CanClone(data) => $"the filesystem of {data} cannot clone files",
            _ => null,
        };
        return missing is null
            ? "configured"
            : throw new LayerStoreUnavailableException($"driver {Name(wanted)} cannot be used: {missing}");
    }

    // fsopen loads the module if there is one.
    private static string? KernelLacksBtrfs()
    {
        try
        {
            Mounts.OpenFileSystem("btrfs").Dispose();
            return null;
        }
        catch (KernelException ex) when (ex.Errno == Errno.ENODEV)
        {
            return "the kernel has no btrfs";
        }
    }

    private static bool CanClone(string data)
    {
        string from = $"{data}/.clone-from";
        string to = $"{data}/.clone-to";
        try
        {
            File.WriteAllBytes(from, new byte[4096]);
            using SafeFileHandle source = Files.Open(from, OpenFlags.ReadOnly);
            using SafeFileHandle target = Files.Open(to, OpenFlags.ReadWrite | OpenFlags.Create, 0x180); // 0600
            return FileData.TryClone(source, target);
        }
        finally
        {
            File.Delete(from);
            File.Delete(to);
        }
    }

    /// <summary>The driver that the directory's note names; null where there is none.</summary>
    public static LayerDriverKind? Remembered(string data)
    {
        if (!File.Exists(FileOf(data)))
        {
            return null;
        }

        string text = File.ReadAllText(FileOf(data)).Trim();
        return Enum.GetValues<LayerDriverKind>().Cast<LayerDriverKind?>().FirstOrDefault(kind => Name(kind!.Value) == text)
            ?? throw new LayerStoreUnavailableException($"{FileOf(data)} names no driver: '{text}'");
    }

    private static string FileOf(string data) => $"{data}/layer-driver";

    private static string Name(LayerDriverKind kind) => kind switch
    {
        LayerDriverKind.Auto => "auto",
        LayerDriverKind.Btrfs => "btrfs",
        LayerDriverKind.Reflink => "reflink",
        LayerDriverKind.Copy => "copy",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown driver"),
    };
}
