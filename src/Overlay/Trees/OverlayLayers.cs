using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The opened directories of a plan, and the ways to hand them to the kernel.</summary>
internal sealed class OverlayLayers : IDisposable
{
    private readonly List<SafeFileHandle> _lowers = [];
    private readonly List<SafeFileHandle> _mapped = [];
    private readonly bool _volatile;
    private SafeFileHandle? _upper;
    private SafeFileHandle? _work;

    private OverlayLayers(bool isVolatile) => _volatile = isVolatile;

    /// <summary>Options that do not depend on the host's defaults.</summary>
    /// <remarks>
    /// redirect_dir=on: a directory of the image can be renamed at once instead of failing with EXDEV. index=off: an index
    /// ties the upper to its lowers' inodes, and a restored or forked upper would be refused. metacopy=off: each file in
    /// the upper is whole, so a layer can be copied and stacked by itself.
    /// </remarks>
    private static (string Key, string Value)[] Features { get; } =
        [("redirect_dir", "on"), ("index", "off"), ("metacopy", "off")];

    /// <summary>Detached mounts that the layers are reached through; none where owners are plain.</summary>
    public IReadOnlyList<SafeFileHandle> Mapped => _mapped;

    /// <summary>Opens every directory, so that a missing one is named in the error.</summary>
    public static OverlayLayers Open(TreePlan plan) => Open(plan.Lowers, plan, plan.Owners);

    /// <summary>Of a tree that nobody can write to; at least two layers, uppermost first.</summary>
    public static OverlayLayers OpenReadOnly(IReadOnlyList<string> lowers, OwnerMap? owners = null) => Open(lowers, null, owners);

    private static OverlayLayers Open(IReadOnlyList<string> lowers, TreePlan? plan, OwnerMap? owners)
    {
        if (lowers.Count < (plan is null ? 2 : 1))
        {
            throw new ArgumentException("a tree needs at least one lower directory", nameof(plan));
        }

        var layers = new OverlayLayers(plan?.Volatile ?? false);
        try
        {
            foreach (string lower in lowers)
            {
                layers._lowers.Add(owners is null ? OpenDirectory(lower) : Files.Reopen(layers.Map(lower, owners), OpenFlags.ReadOnly | OpenFlags.Directory));
            }

            if (plan is not null)
            {
                layers.OpenWritable(plan, owners);
            }

            return layers;
        }
        catch (KernelException)
        {
            layers.Dispose();
            throw;
        }
    }

    /// <summary>Makes the overlay as a detached mount, by fsconfig.</summary>
    /// <remarks>
    /// NODEV: a device node that a sandbox makes must not open. Not NOSUID: no_new_privs already takes the meaning of
    /// setuid bits from every process of the sandbox, and the mount flag could not be lifted for a sandbox that may sudo.
    /// </remarks>
    public SafeFileHandle MountDetached()
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("overlay");
        Mounts.Configure(fileSystem, "source", "sleigh");
        foreach (SafeFileHandle lower in _lowers)
        {
            Mounts.Configure(fileSystem, "lowerdir+", Descriptors.PathOf(lower));
        }

        foreach ((string key, string value) in Options())
        {
            Mounts.Configure(fileSystem, key, value);
        }

        if (_volatile)
        {
            Mounts.Configure(fileSystem, "volatile");
        }

        Mounts.Create(fileSystem);
        return Mounts.MountDetached(fileSystem, MountAttributes.NoDevices | MountAttributes.NoAccessTime);
    }

    /// <summary>The same by mount(2).</summary>
    public SafeFileHandle MountDetached(StagingDirectory staging)
    {
        IEnumerable<string> options =
        [
            "lowerdir=" + string.Join(':', _lowers.Select(Descriptors.PathOf)),
            .. Options().Select(feature => $"{feature.Key}={feature.Value}"),
        ];
        string text = string.Join(',', _volatile ? options.Append("volatile") : options);
        return staging.MountDetached("overlay", MountFlags.NoDevices | MountFlags.NoAccessTime, text);
    }

    public void Dispose()
    {
        _lowers.ForEach(lower => lower.Dispose());
        _mapped.ForEach(mount => mount.Dispose());
        _upper?.Dispose();
        _work?.Dispose();
    }

    // Both must be reached through one mount, so it is that of the directory they are in.
    private void OpenWritable(TreePlan plan, OwnerMap? owners)
    {
        if (owners is null)
        {
            (_upper, _work) = (OpenDirectory(plan.Upper), OpenDirectory(plan.Work));
            return;
        }

        if (Path.GetDirectoryName(plan.Upper) is not string layer || Path.GetDirectoryName(plan.Work) != layer)
        {
            throw new ArgumentException($"the work directory {plan.Work} does not lie beside {plan.Upper}", nameof(plan));
        }

        SafeFileHandle mount = Map(layer, owners);
        _upper = Files.Open(mount, Path.GetFileName(plan.Upper), OpenFlags.ReadOnly | OpenFlags.Directory);
        _work = Files.Open(mount, Path.GetFileName(plan.Work), OpenFlags.ReadOnly | OpenFlags.Directory);
    }

    private SafeFileHandle Map(string directory, OwnerMap owners)
    {
        SafeFileHandle mount = Mounts.OpenTree(Descriptors.WorkingDirectory, directory, OpenTreeFlags.Clone);
        _mapped.Add(mount);
        owners.Apply(mount);
        return mount;
    }

    // Where nothing can be renamed, renamed directories still are to be followed.
    private IEnumerable<(string Key, string Value)> Options() => _upper is null || _work is null
        ? Features.Select(feature => feature.Key == "redirect_dir" ? (feature.Key, "follow") : feature)
        : [("upperdir", Descriptors.PathOf(_upper)), ("workdir", Descriptors.PathOf(_work)), .. Features];

    private static SafeFileHandle OpenDirectory(string path) => Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
}
