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

    /// <summary>Makes the overlay as a detached mount.</summary>
    /// <remarks>
    /// NODEV: a device node that a sandbox makes must not open. Not NOSUID: no_new_privs already takes the meaning of
    /// setuid bits from every process of the sandbox, and the mount flag could not be lifted for a sandbox that may sudo.
    /// </remarks>
    public SafeFileHandle MountDetached(bool byDescriptor)
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("overlay");
        Mounts.Configure(fileSystem, "source", "sleigh");
        foreach (SafeFileHandle lower in _lowers)
        {
            Add(fileSystem, "lowerdir+", lower, byDescriptor);
        }

        Add(fileSystem, "upperdir", _upper!, byDescriptor);
        Add(fileSystem, "workdir", _work!, byDescriptor);
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

    /// <summary>The same as one text for mount(2).</summary>
    /// <remarks>
    /// /proc/self/fd/N is short, holds no comma, colon or backslash to escape, and shows no host path in mountinfo.
    /// </remarks>
    public string OptionText()
    {
        IEnumerable<string> options =
        [
            "lowerdir=" + string.Join(':', _lowers.Select(Descriptors.PathOf)),
            "upperdir=" + Descriptors.PathOf(_upper!),
            "workdir=" + Descriptors.PathOf(_work!),
            .. Features.Select(feature => $"{feature.Key}={feature.Value}"),
        ];
        return string.Join(',', _volatile ? options.Append("volatile") : options);
    }

    public void Dispose()
    {
        _lowers.ForEach(lower => lower.Dispose());
        _upper?.Dispose();
        _work?.Dispose();
    }

    // fsconfig's texts end at 255 bytes, so paths go through the descriptor as well.
    private static void Add(SafeFileHandle fileSystem, string key, SafeFileHandle directory, bool byDescriptor)
    {
        if (byDescriptor)
        {
            Mounts.Configure(fileSystem, key, directory);
        }
        else
        {
            Mounts.Configure(fileSystem, key, Descriptors.PathOf(directory));
        }
    }

    private static SafeFileHandle OpenDirectory(string path) => Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
}
