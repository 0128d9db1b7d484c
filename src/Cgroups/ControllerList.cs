namespace Sleigh.Cgroups;

/// <summary>Reads and writes lists of controllers, as in <c>cgroup.controllers</c>.</summary>
public static class ControllerList
{
    private static readonly (string Name, Controllers Value)[] Known =
    [
        ("cpu", Controllers.Cpu), ("memory", Controllers.Memory), ("pids", Controllers.Pids),
        ("io", Controllers.Io), ("cpuset", Controllers.Cpuset),
    ];

    /// <summary>Reads a list separated by spaces or line feeds. Controllers that are not known here are skipped.</summary>
    public static Controllers Parse(string text)
    {
        Controllers found = Controllers.None;
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            found |= Known.FirstOrDefault(k => k.Name == word).Value;
        }

        return found;
    }

    /// <summary>The words of a list, in the order of the kernel's names here.</summary>
    public static IEnumerable<string> Words(this Controllers controllers) =>
        Known.Where(k => controllers.HasFlag(k.Value)).Select(k => k.Name);
}
