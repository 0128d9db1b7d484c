using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Bpf;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>Which devices can be opened.</content>
public sealed partial record Cgroup
{
    /// <summary>
    /// Puts a filter in force for this cgroup and all below it, those made later included. It stays for the cgroup's life. The same
    /// filter a second time is refused (EINVAL).
    /// </summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    /// <exception cref="Linux.KernelException">The kernel refused.</exception>
    public void FilterDevices(DeviceFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        using SafeFileHandle directory = OpenDirectory();
        filter.Attach(directory);
    }
}
