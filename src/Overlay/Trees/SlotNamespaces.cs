using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The descriptors of one parked container that a tree can be mounted in.</summary>
public sealed class SlotNamespaces : IDisposable
{
    private SlotNamespaces(int processId, SafeFileHandle mounts, SafeFileHandle hostName, SafeFileHandle network, SafeFileHandle skeleton)
    {
        ProcessId = processId;
        Mounts = mounts;
        HostName = hostName;
        Network = network;
        SkeletonRoot = skeleton;
        SkeletonMountId = Files.Stat(skeleton).MountId;
    }

    /// <summary>PID 1 of the container, as the host counts.</summary>
    public int ProcessId { get; }

    /// <summary>Its mount namespace.</summary>
    public SafeFileHandle Mounts { get; }

    /// <summary>Its UTS namespace.</summary>
    public SafeFileHandle HostName { get; }

    /// <summary>Its network namespace.</summary>
    public SafeFileHandle Network { get; }

    /// <summary>The container's own root: what its PID 1 stands on, also when a tree lies over it.</summary>
    public SafeFileHandle SkeletonRoot { get; }

    internal ulong SkeletonMountId { get; }

    /// <summary>Opens the namespaces of a container by its PID 1, and checks that its mounts are not shared.</summary>
    /// <exception cref="KernelException">The process is gone or may not be looked at.</exception>
    /// <exception cref="SharedMountsException">
    /// A mount is shared: detaching a tree would take the container's own mounts, masks of /proc included, with it.
    /// </exception>
    public static SlotNamespaces Open(int processId)
    {
        // The pidfd is asked at the end: if it still is alive then, all the paths below were this process's.
        using ProcessHandle process = ProcessHandle.Open(processId);
        string folder = $"/proc/{processId}";
        SafeFileHandle? mounts = null;
        SafeFileHandle? hostName = null;
        SafeFileHandle? network = null;
        SafeFileHandle? skeleton = null;
        bool complete = false;
        try
        {
            mounts = Files.Open($"{folder}/ns/mnt", OpenFlags.ReadOnly);
            hostName = Files.Open($"{folder}/ns/uts", OpenFlags.ReadOnly);
            network = Files.Open($"{folder}/ns/net", OpenFlags.ReadOnly);
            skeleton = Files.Open($"{folder}/root", OpenFlags.PathOnly | OpenFlags.Directory);
            RefuseShared(processId, ReadMounts(processId));
            if (!process.IsAlive)
            {
                throw new KernelException("open the namespaces of process", $"{processId}", Errno.ESRCH);
            }

            var slot = new SlotNamespaces(processId, mounts, hostName, network, skeleton);
            complete = true;
            return slot;
        }
        finally
        {
            if (!complete)
            {
                mounts?.Dispose();
                hostName?.Dispose();
                network?.Dispose();
                skeleton?.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Mounts.Dispose();
        HostName.Dispose();
        Network.Dispose();
        SkeletonRoot.Dispose();
    }

    internal static void RefuseShared(int processId, IReadOnlyList<MountEntry> mounts)
    {
        if (mounts.FirstOrDefault(mount => mount.SharedGroup is not null) is MountEntry shared)
        {
            throw new SharedMountsException(processId, shared.MountPoint);
        }
    }

    private static IReadOnlyList<MountEntry> ReadMounts(int processId)
    {
        try
        {
            return MountInfo.Read(processId);
        }
        catch (IOException ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KernelException("read the mounts of process", $"{processId}", Errno.ESRCH);
        }
    }
}

/// <summary>A container whose mounts are shared cannot hold a tree: see <see cref="SlotNamespaces.Open"/>.</summary>
public sealed class SharedMountsException : InvalidOperationException
{
    internal SharedMountsException(int processId, string mountPoint)
        : base($"process {processId} has shared mounts ('{mountPoint}'); its rootfsPropagation must be private or slave")
    {
    }
}
