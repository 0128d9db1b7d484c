using System.Globalization;

namespace Sleigh.Runtime.Slots;

/// <summary>The limit of open files that a sandbox's processes get.</summary>
internal static class OpenFilesLimit
{
    /// <summary>What programs start with; they may raise it to the hard limit themselves.</summary>
    public const long Soft = 1024;

    private const int SysResource = 24;
    private const long MostUseful = 1_048_576;
    private const string Key = "Max open files";

    /// <summary>As much as is useful and this process may give: without CAP_SYS_RESOURCE nobody gives more than he has.</summary>
    public static long Hard { get; } = Parse(File.ReadAllText("/proc/self/limits"));

    /// <summary>
    /// Whether the container runtime may set the limits of a process in a user namespace that another user owns: for that it needs CAP_SYS_RESOURCE, which root of a host that is a
    /// container or a small machine itself may lack (kernel/sys.c: check_prlimit_permission).
    /// </summary>
    public static bool MayBeGivenInNamespaces { get; } = MayBeGivenBy(ProcessPrivileges.Parse(File.ReadAllText("/proc/self/status")));

    /// <summary>The same for a process with these rights.</summary>
    internal static bool MayBeGivenBy(ProcessPrivileges privileges) => (privileges.Permitted >> SysResource & 1) != 0;

    /// <summary>Takes the hard limit from the text of /proc/PID/limits, or as much of it as is useful.</summary>
    /// <exception cref="FormatException">There is no such line.</exception>
    public static long Parse(string text) => Math.Min(Given(text) ?? MostUseful, MostUseful);

    /// <summary>The hard limit itself; null: there is none.</summary>
    /// <exception cref="FormatException">There is no such line.</exception>
    public static long? Given(string text)
    {
        string line = text.Split('\n').FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))
            ?? throw new FormatException($"no '{Key}' line in '{text}'");
        string[] words = line[Key.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long hard)
            ? hard
            : words.Length > 1 && words[1] == "unlimited" ? null : throw new FormatException($"the line '{line}' is not whole");
    }
}
