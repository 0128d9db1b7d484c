using System.Collections.Concurrent;

namespace Sleigh.Cgroups;

/// <summary>
/// Block devices that stand on others: loop devices, device mapper, RAID. The kernel counts an I/O at each of them (it follows the
/// cgroup downwards, for loop devices since Linux 5.14), so adding them all up counts it twice.
/// </summary>
internal static class StackedDevices
{
    private const string LoopMajor = "7:";

    private static readonly ConcurrentDictionary<string, bool> Known = new();

    /// <summary>Whether a device, as <c>major:minor</c>, stands on another one. Looked up once for each device.</summary>
    public static bool Contains(string device) => device.StartsWith(LoopMajor, StringComparison.Ordinal) || Known.GetOrAdd(device, HasDevicesBelow);

    private static bool HasDevicesBelow(string device)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/sys/dev/block/{device}/slaves").Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
