using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// The filesystem in memory that the own files of one tree lie on. It belongs to nobody else and takes <see cref="Bytes"/> at most, so that a sandbox
/// which fills its files fills nothing of the host's. It is mounted in the container alone and goes with it, however the daemon ends.
/// </summary>
internal static class OwnFileSystem
{
    /// <summary>The most that all own files of a tree hold: four of them also with pages of 64 KiB.</summary>
    internal const int Bytes = 256 * 1024;

    // The directory, the files, and some to spare; attributes of users count as files too (Linux 6.6).
    private const int Inodes = 16;

    private const int Mode = 0x1A4; // 0644

    /// <summary>Makes it with the files in it, mounted nowhere.</summary>
    /// <param name="files">The files.</param>
    /// <param name="owners">Whose root they belong to. It has no idmapped mount (tmpfs: Linux 6.3): owners are set as they are outside.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle Make(IReadOnlyList<OwnFile> files, TreeOwners owners)
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("tmpfs");
        Mounts.Configure(fileSystem, "source", "files");
        Mounts.Configure(fileSystem, "size", Bytes.ToString(CultureInfo.InvariantCulture));
        Mounts.Configure(fileSystem, "nr_inodes", Inodes.ToString(CultureInfo.InvariantCulture));
        Mounts.Configure(fileSystem, "mode", "0755");
        Mounts.Create(fileSystem);
        SafeFileHandle root = Mounts.MountDetached(
            fileSystem, MountAttributes.NoDevices | MountAttributes.NoSetUserId | MountAttributes.NoExecute);
        try
        {
            foreach (OwnFile file in files)
            {
                Write(root, file, owners);
            }

            return root;
        }
        catch (IOException)
        {
            root.Dispose();
            throw;
        }
    }

    private static void Write(SafeFileHandle root, OwnFile own, TreeOwners owners)
    {
        const OpenFlags Flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        using SafeFileHandle file = Files.Open(root, own.Name, Flags, Mode);
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(own.Text), 0);

        // The umask may have cut it.
        Files.SetMode(Descriptors.WorkingDirectory, Descriptors.PathOf(file), Mode);
        if (owners != default)
        {
            Files.SetOwner(file, default, owners.Outside(0), owners.Outside(0));
        }
    }
}
