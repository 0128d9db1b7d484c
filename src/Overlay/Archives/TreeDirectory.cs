using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Making directories and setting attributes in a tree that others change: by descriptor, never by a name seen before.</summary>
internal static class TreeDirectory
{
    /// <summary>Makes a directory, unless one has appeared there meanwhile.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Make(SafeFileHandle parent, KernelPath name, int mode, uint userId, uint groupId)
    {
        try
        {
            Files.MakeDirectory(parent, name, 0x1C0); // 0700 until it has its owner
        }
        catch (KernelException ex) when (ex.Errno == Errno.EEXIST)
        {
            return;
        }

        using SafeFileHandle made = Files.Open(parent, name, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow, TreePlace.Inside);
        SetAttributes(made, mode, userId, groupId);
    }

    /// <summary>Owner and mode of an open file or directory that is no symbolic link. In this order: a new owner clears setuid bits.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void SetAttributes(SafeFileHandle handle, int mode, uint userId, uint groupId)
    {
        Files.SetOwner(handle, default, userId, groupId);
        Files.SetMode(Descriptors.WorkingDirectory, Descriptors.PathOf(handle), mode);
    }
}
