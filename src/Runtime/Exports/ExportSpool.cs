using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Runtime.Exports;

/// <summary>
/// Room on the data disk for layers whose size and digest must be known before they are sent. A file loses its name as soon as it is
/// open, so its space goes with the process; the moment in between is what <see cref="Clear"/> is for.
/// </summary>
internal sealed class ExportSpool
{
    // What an export leaves free, for the records and the output of commands: a twentieth of the disk, and at most this.
    private const long MostLeftFree = 1L << 30;
    private const int LeftFreeShare = 20;

    private readonly string _folder;
    private int _count;

    /// <summary>Makes the folder, and removes what a process that died left in it.</summary>
    /// <param name="folder">Its own; nothing else lies there.</param>
    /// <exception cref="IOException">It cannot be made or emptied.</exception>
    public ExportSpool(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder, DataLock.OwnerOnly);
        Clear();
    }

    /// <summary>A new empty file without a name, to be written and read.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public SafeFileHandle Open()
    {
        string path = Path.Combine(_folder, Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture));
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        ChangeStep.Done("export", 1);
        File.Delete(path);
        return file;
    }

    /// <summary>Refuses to go on where too little of the disk is free.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.DiskFull"/>.</exception>
    public void CheckRoom()
    {
        FileSystemStatus disk = FileSystems.Stat(_folder);
        if (!HasRoom(disk.TotalBytes, disk.AvailableBytes))
        {
            throw new RuntimeException(ErrorKind.DiskFull, "the data disk is almost full; the snapshot was not exported")
            {
                Hint = "export it as tar.zst, which takes no space here, or free some",
            };
        }
    }

    /// <summary>Whether an export may take more of a disk.</summary>
    internal static bool HasRoom(long total, long available) => available > Math.Min(total / LeftFreeShare, MostLeftFree);

    private void Clear()
    {
        foreach (string file in Directory.GetFiles(_folder))
        {
            File.Delete(file);
        }
    }
}
