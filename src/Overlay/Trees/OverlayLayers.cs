using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The opened directories of a plan, and the ways to hand them to the kernel.</summary>
internal sealed class OverlayLayers : IDisposable
{
    private readonly List<SafeFileHandle> _lowers = [];
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

    /// <summary>Opens every directory, so that a missing one is named in the error.</summary>
    public static OverlayLayers Open(TreePlan plan)
    {
        if (plan.Lowers.Count == 0)
        {
            throw new ArgumentException("a tree needs at least one lower directory", nameof(plan));
        }

        var layers = new OverlayLayers(plan.Volatile);
        try
        {
            foreach (string lower in plan.Lowers)
            {
                layers._lowers.Add(OpenDirectory(lower));
            }

            layers._upper = OpenDirectory(plan.Upper);
            layers._work = OpenDirectory(plan.Work);
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

        Mounts.Configure(fileSystem, "upperdir", Descriptors.PathOf(_upper!));
        Mounts.Configure(fileSystem, "workdir", Descriptors.PathOf(_work!));
        foreach ((string key, string value) in Features)
        {
            Mounts.Configure(fileSystem, key, value);
        }

        if (_volatile)
        {
            Mounts.Configure(fileSystem, "volatile");
        }

        Mounts.Create(fileSystem);
        return Mounts.MountDetached(fileSystem, MountAttributes.NoDevices);
    }

    /// <summary>The same by mount(2).</summary>
    public SafeFileHandle MountDetached(StagingDirectory staging)
    {
        IEnumerable<string> options =
        [
            "lowerdir=" + string.Join(':', _lowers.Select(Descriptors.PathOf)),
            "upperdir=" + Descriptors.PathOf(_upper!),
            "workdir=" + Descriptors.PathOf(_work!),
            .. Features.Select(feature => $"{feature.Key}={feature.Value}"),
        ];
        string text = string.Join(',', _volatile ? options.Append("volatile") : options);
        return staging.MountDetached("overlay", MountFlags.NoDevices, text);
    }

    public void Dispose()
    {
        _lowers.ForEach(lower => lower.Dispose());
        _upper?.Dispose();
        _work?.Dispose();
    }

    private static SafeFileHandle OpenDirectory(string path) => Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
}
