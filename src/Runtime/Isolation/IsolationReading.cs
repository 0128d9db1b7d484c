using System.Globalization;
using Sleigh.Linux;
using Sleigh.Runtime.Proc;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>
/// Reads from the kernel what holds a slot: of its PID 1, whose children commands are. None of it changes in a slot's life.
/// </summary>
internal static class IsolationReading
{
    private static readonly string[] Kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

    /// <summary>Null: the process is gone.</summary>
    /// <param name="processId">PID 1 of the slot, as the host counts.</param>
    /// <param name="capabilities">The mask that commands are given.</param>
    /// <param name="isOurFilter">Whether its filter, where it has one, is the one that this version writes. What another one refuses is not known.</param>
    /// <exception cref="FormatException">A file of /proc is not what the kernel writes.</exception>
    public static Isolation? TryRead(int processId, ulong capabilities, bool isOurFilter)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");
        try
        {
            ProcessPrivileges privileges = ProcessPrivileges.Parse(File.ReadAllText($"{folder}/status"));
            IReadOnlyList<MountEntry> mounts = MountInfo.Read(processId);
            MountEntry[] files = [.. ProcPlan.Targets.Select(path => Find(mounts, path)).OfType<MountEntry>()];
            return new Isolation
            {
                ProcFiles = [.. files.Select(file => file.MountPoint).Order(StringComparer.Ordinal)],
                ProcSource = files.Length == 0 ? "host" : files.Any(file => file.Type == "fuse.lxcfs") ? "lxcfs" : "generated",
                Capabilities = Slots.Capabilities.Names(capabilities & privileges.Permitted & privileges.Bounding),
                NoNewPrivileges = privileges.NoNewPrivileges,
                SeccompFilter = privileges.HasFilter,
                SeccompDenied = privileges.HasFilter && isOurFilter ? [.. SeccompProfile.Denied.Keys.Order(StringComparer.Ordinal)] : [],
                MaskedPaths = [.. SlotSpecWriter.MaskedPaths.Where(path => Find(mounts, path) is not null)],
                ReadOnlyPaths = [.. ((string[])[.. SlotSpecWriter.ReadonlyPaths, "/sys"]).Where(path => IsReadOnly(Find(mounts, path)))],
                HostIds = IsOwn(folder, "user") && UserNamespace.MapOf(processId) is [var range, ..] ? range : null,
                Namespaces = [.. Kinds.Where(kind => IsOwn(folder, kind))],
                OpenFiles = OpenFilesLimit.Given(File.ReadAllText($"{folder}/limits")),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KernelException)
        {
            return null;
        }
    }

    private static MountEntry? Find(IReadOnlyList<MountEntry> mounts, string path) => mounts.LastOrDefault(mount => mount.MountPoint == path);

    private static bool IsReadOnly(MountEntry? mount) => mount is not null && mount.Options.Split(',').Contains("ro");

    private static bool IsOwn(string folder, string kind) =>
        new FileInfo($"{folder}/ns/{kind}").LinkTarget is string its && its != new FileInfo($"/proc/self/ns/{kind}").LinkTarget;
}
