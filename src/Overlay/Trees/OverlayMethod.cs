using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>How the kernel is told the layers of an overlay.</summary>
public enum OverlayMethod
{
    /// <summary>By descriptor (Linux 6.13): no limit, and the sandbox's mountinfo shows no host path.</summary>
    Descriptors,

    /// <summary>One <c>lowerdir+</c> per layer (Linux 6.8): no limit on the whole.</summary>
    AppendedPaths,

    /// <summary>One text for mount(2), at most a page: about 200 layers, because each is <c>/proc/self/fd/N</c>.</summary>
    OptionText,
}

/// <summary>What this kernel can do.</summary>
public static class OverlaySupport
{
    /// <summary>The best method of the running kernel; found by asking, not by its version.</summary>
    /// <exception cref="KernelException">There is no overlay filesystem.</exception>
    public static OverlayMethod Probe()
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("overlay");
        using SafeFileHandle root = Files.Open("/", OpenFlags.ReadOnly | OpenFlags.Directory);
        if (Takes(() => Mounts.Configure(fileSystem, "lowerdir+", root)))
        {
            return OverlayMethod.Descriptors;
        }

        return Takes(() => Mounts.Configure(fileSystem, "lowerdir+", "/"))
            ? OverlayMethod.AppendedPaths
            : OverlayMethod.OptionText;
    }

    private static bool Takes(Action configure)
    {
        try
        {
            configure();
            return true;
        }
        catch (KernelException ex) when (ex.Errno is Errno.EINVAL or Errno.EBADF or Errno.EOPNOTSUPP)
        {
            return false;
        }
    }
}
