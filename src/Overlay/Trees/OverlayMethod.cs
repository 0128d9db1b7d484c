using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>How the kernel is told the layers of an overlay.</summary>
/// <remarks>
/// Either way a layer is <c>/proc/self/fd/N</c>: short, nothing in it to escape, and all that a sandbox's mountinfo shows.
/// (Layers given by descriptor, Linux 6.13, would show there with their host paths.)
/// </remarks>
public enum OverlayMethod
{
    /// <summary>fsconfig(2) with one <c>lowerdir+</c> per layer (Linux 6.8): no limit but the kernel's 500.</summary>
    Configured,

    /// <summary>One text for mount(2), at most a page: about 200 layers.</summary>
    OptionText,
}

/// <summary>What this kernel can do.</summary>
public static class OverlaySupport
{
    private const string NoSuchOption = "sleigh_no_such_option";

    /// <summary>The best method of the running kernel; found by asking, not by its version.</summary>
    /// <remarks>
    /// Before Linux 6.5 overlay takes its options as one text, which fsconfig(2) only collects: it refuses none before the filesystem
    /// is made. So an option that there cannot be tells whether options are looked at.
    /// </remarks>
    /// <exception cref="KernelException">There is no overlay filesystem.</exception>
    public static OverlayMethod Probe()
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("overlay");
        return !Takes(fileSystem, NoSuchOption) && Takes(fileSystem, "lowerdir+") ? OverlayMethod.Configured : OverlayMethod.OptionText;
    }

    private static bool Takes(SafeFileHandle fileSystem, string option)
    {
        try
        {
            Mounts.Configure(fileSystem, option, "/");
            return true;
        }
        catch (KernelException ex) when (ex.Errno == Errno.EINVAL)
        {
            return false;
        }
    }
}
