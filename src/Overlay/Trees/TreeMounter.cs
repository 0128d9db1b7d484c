using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Mounts a file tree over the root of a parked container, and takes it off again. Processes of the container that run
/// already stay on its own root, the skeleton; what is started in the tree's root sees only the tree.
/// </summary>
/// <remarks>
/// Root first: the overlay is attached to the skeleton, then the clones of the container's proc, dev and sys to the
/// overlay. Putting them on while it still is detached needs Linux 6.15 and is no faster.
/// </remarks>
public sealed class TreeMounter
{
    private static readonly string[] Clones = ["proc", "dev", "sys"];

    // Below the skeleton's root, which the tree covers.
    private const string OwnFilesPlace = "tmp";

    private readonly NamespaceThread _namespaces;
    private readonly StagingDirectory? _staging;
    private readonly Lazy<StagingDirectory> _attached;

    /// <summary>Makes a mounter; it does not own the thread.</summary>
    /// <param name="namespaces">The thread that enters containers.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="KernelException">The kernel has no overlay filesystem.</exception>
    public TreeMounter(NamespaceThread namespaces, TreeMounterOptions? options = null)
    {
        options ??= new TreeMounterOptions();
        _namespaces = namespaces;
        Method = options.Method ?? OverlaySupport.Probe();
        _staging = Method == OverlayMethod.OptionText ? new StagingDirectory(options.StagingDirectory) : null;
        string beside = options.StagingDirectory + "-layers";
        _attached = new Lazy<StagingDirectory>(() => new StagingDirectory(beside));
        if (Directory.Exists(beside))
        {
            _ = _attached.Value;
        }
    }

    /// <summary>How layers are told to the kernel.</summary>
    public OverlayMethod Method { get; }

    /// <summary>Mounts the tree and sets the host name. If anything fails, nothing of it stays mounted.</summary>
    /// <returns>
    /// The tree's root, a handle for execs and for <see cref="TreeFiles"/>. It keeps the overlay and with it the live
    /// layer in use, also after the container is gone: dispose it when the tree is detached.
    /// </returns>
    /// <exception cref="KernelException">The kernel refused a step, which the text names.</exception>
    public Task<SafeFileHandle> MountAsync(TreePlan plan, SlotNamespaces slot, CancellationToken cancellationToken = default) =>
        Task.Run(() => Mount(plan, slot), cancellationToken);

    /// <summary>A tree that nobody can write to, attached nowhere: it goes with the handle.</summary>
    /// <param name="layers">Its directories, uppermost first; at least two.</param>
    /// <param name="owners">Under which owners they show; null: as they are.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KernelException">A layer has gone, or the kernel refused.</exception>
    public Task<SafeFileHandle> OpenReadOnlyAsync(IReadOnlyList<string> layers, OwnerMap? owners = null, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            using OverlayLayers opened = OverlayLayers.OpenReadOnly(layers, owners);
            return MountDetached(opened);
        },
        cancellationToken);

    /// <summary>
    /// Takes a tree off the slot, with all that lies on it. Processes that stand in it keep it alive until they end; the
    /// overlay itself goes when <paramref name="treeRoot"/> is disposed too.
    /// </summary>
    /// <exception cref="KernelException">EINVAL: it is not mounted any more.</exception>
    public Task DetachAsync(SlotNamespaces slot, SafeFileHandle treeRoot, CancellationToken cancellationToken = default) =>
        Task.Run(() => Detach(slot, treeRoot), cancellationToken);

    /// <summary>After a restart: the root of the topmost tree in the slot, or null if the slot is parked.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task<SafeFileHandle?> OpenTreeRootAsync(SlotNamespaces slot, CancellationToken cancellationToken = default) =>
        Task.Run(() => OpenTreeRoot(slot), cancellationToken);

    /// <summary>Whether a tree lies over the slot's skeleton: whether the top has another mount id.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task<bool> IsTreeMountedAsync(SlotNamespaces slot, CancellationToken cancellationToken = default)
    {
        using SafeFileHandle? root = await OpenTreeRootAsync(slot, cancellationToken);
        return root is not null;
    }

    /// <summary>Sets the host name of the slot (at most 64 bytes).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task SetHostNameAsync(SlotNamespaces slot, string name, CancellationToken cancellationToken = default) =>
        Task.Run(
            () =>
            {
                using var program = new NamespaceProgram();
                program.SetHostName(slot.HostName, name);
                _namespaces.Run(slot.Mounts, program);
            },
            cancellationToken);

    private SafeFileHandle Mount(TreePlan plan, SlotNamespaces slot)
    {
        SafeFileHandle root;
        using (OverlayLayers layers = OverlayLayers.Open(plan))
        {
            root = MountDetached(layers);
        }

        bool complete = false;
        try
        {
            Furnish(root, plan, slot);
            complete = true;
            return root;
        }
        finally
        {
            if (!complete)
            {
                DetachIfAttached(slot, root);
                root.Dispose();
            }
        }
    }

    private SafeFileHandle MountDetached(OverlayLayers layers)
    {
        SafeFileHandle Make() => _staging is null ? layers.MountDetached() : layers.MountDetached(_staging);
        return layers.Mapped.Count == 0 ? Make() : _attached.Value.WithAttached(layers.Mapped, Make);
    }

    /// <summary>Makes the mount points, attaches the overlay, and lays everything onto it.</summary>
    private void Furnish(SafeFileHandle root, TreePlan plan, SlotNamespaces slot)
    {
        using var handles = new HandleList();
        using var program = new NamespaceProgram();
        TreeOwners owners = plan.Owners?.Owners ?? default;
        var targets = Clones.Select(name => handles.Add(TreePaths.EnsureExactDirectory(root, $"/{name}", owners))).ToArray();
        SafeFileHandle sharedMemory = handles.Add(MountSharedMemory(plan.SharedMemoryBytes, owners));
        foreach (string directory in plan.Directories)
        {
            TreeFiles.CreateDirectories(root, directory, owners.Outside(0), owners.Outside(0));
        }

        (string Name, SafeFileHandle Target)[] writable = [.. (plan.WritableOnly ?? []).Select(name => (name, handles.Add(EnsureForAll(root, name, owners))))];
        (OwnFile File, SafeFileHandle Target)[] files =
            [.. plan.OwnFiles.Select(file => (file, handles.Add(TreePaths.EnsureExactFile(root, file.Target, owners))))];

        program.Attach(root, slot.SkeletonRoot, "the tree");
        foreach ((string name, SafeFileHandle target) in Clones.Zip(targets))
        {
            NamespaceProgram.Operand clone = program.CloneTree(slot.SkeletonRoot, name);
            // With a shared peer group, detaching the clone would detach the container's own mounts.
            program.MakePrivate(clone);
            program.Attach(clone, target, $"/{name}");
            if (name == "dev")
            {
                program.Attach(sharedMemory, program.OpenPath(clone, "shm"), "/dev/shm");
            }
        }

        if (files.Length > 0)
        {
            LayOwnFiles(program, handles.Add(OwnFileSystem.Make(plan.OwnFiles, owners)), files, slot);
        }

        foreach ((string name, SafeFileHandle target) in writable)
        {
            NamespaceProgram.Operand clone = program.CloneTree(root, name);
            program.MakePrivate(clone);
            program.Attach(clone, target, $"/{name}");
        }

        if (plan.WritableOnly is not null)
        {
            program.MakeReadOnly(root);
        }

        if (plan.HostName is not null)
        {
            program.SetHostName(slot.HostName, plan.HostName);
        }

        _namespaces.Run(slot.Mounts, program);
    }

    // Before Linux 6.15 nothing can be cloned off a mount that is attached nowhere. On the skeleton only PID 1 sees it, and to take it off
    // again would wait for a grace period of the kernel's.
    private static void LayOwnFiles(
        NamespaceProgram program, SafeFileHandle fileSystem, (OwnFile File, SafeFileHandle Target)[] files, SlotNamespaces slot)
    {
        program.Attach(fileSystem, program.OpenPath(slot.SkeletonRoot, OwnFilesPlace), "the sandbox's own files");
        foreach ((OwnFile file, SafeFileHandle target) in files)
        {
            NamespaceProgram.Operand clone = program.CloneTree(fileSystem, file.Name);
            if (file.ReadOnly)
            {
                program.MakeReadOnly(clone);
            }

            program.Attach(clone, target, file.Target);
        }
    }

    private static SafeFileHandle EnsureForAll(SafeFileHandle root, string name, TreeOwners owners)
    {
        bool isThere = Files.TryStat(root, name, out _) is { Type: FileType.Directory };
        SafeFileHandle directory = TreePaths.EnsureExactDirectory(root, $"/{name}", owners);
        if (!isThere)
        {
            Files.SetMode(Descriptors.WorkingDirectory, Descriptors.PathOf(directory), 0x3FF); // 1777
        }

        return directory;
    }

    private static SafeFileHandle MountSharedMemory(long bytes, TreeOwners owners)
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("tmpfs");
        Mounts.Configure(fileSystem, "source", "shm");
        Mounts.Configure(fileSystem, "size", bytes.ToString(CultureInfo.InvariantCulture));
        Mounts.Configure(fileSystem, "mode", "1777");
        Mounts.Configure(fileSystem, "uid", owners.Outside(0).ToString(CultureInfo.InvariantCulture));
        Mounts.Configure(fileSystem, "gid", owners.Outside(0).ToString(CultureInfo.InvariantCulture));
        Mounts.Create(fileSystem);
        return Mounts.MountDetached(
            fileSystem, MountAttributes.NoDevices | MountAttributes.NoSetUserId | MountAttributes.NoExecute);
    }

    private void Detach(SlotNamespaces slot, SafeFileHandle treeRoot)
    {
        using var program = new NamespaceProgram();
        program.Detach(treeRoot);
        _namespaces.Run(slot.Mounts, program);
        DetachOwnFiles(slot);
    }

    private void DetachOwnFiles(SlotNamespaces slot)
    {
        using var program = new NamespaceProgram();
        program.Detach(program.OpenPath(slot.SkeletonRoot, OwnFilesPlace));
        try
        {
            _namespaces.Run(slot.Mounts, program);
        }
        catch (KernelException ex) when (ex.Errno == Errno.EINVAL)
        {
            // The tree had none.
        }
    }

    private void DetachIfAttached(SlotNamespaces slot, SafeFileHandle root)
    {
        try
        {
            Detach(slot, root);
        }
        catch (KernelException ex) when (ex.Errno == Errno.EINVAL)
        {
            // It was not attached yet, and so nothing else.
        }
    }

    private SafeFileHandle? OpenTreeRoot(SlotNamespaces slot)
    {
        using var program = new NamespaceProgram { OpensRoot = true };
        _namespaces.Run(slot.Mounts, program);
        SafeFileHandle root = program.TakeRoot();
        if (Files.Stat(root).MountId != slot.SkeletonMountId)
        {
            return root;
        }

        root.Dispose();
        return null;
    }

    private sealed class HandleList : IDisposable
    {
        private readonly List<SafeFileHandle> _handles = [];

        public SafeFileHandle Add(SafeFileHandle handle)
        {
            _handles.Add(handle);
            return handle;
        }

        public void Dispose() => _handles.ForEach(handle => handle.Dispose());
    }
}
