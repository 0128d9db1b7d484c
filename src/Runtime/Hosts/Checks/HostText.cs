using System.Globalization;

namespace Sleigh.Runtime.Checks;

/// <summary>The small files of /proc and /sys that checks read, and the words in them.</summary>
internal static class HostText
{
    /// <summary>The text without space at its ends; null when there is no such file or the kernel has the figure off.</summary>
    public static string? Of(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A file that holds one number; null when there is none, or when it says <c>max</c>.</summary>
    public static long? NumberOf(string path) =>
        long.TryParse(Of(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>The type's name is in /proc/filesystems.</summary>
    public static bool HasFileSystem(string fileSystems, string type) =>
        fileSystems.Split('\n').Any(line => line.Split('\t')[^1].Trim() == type);

    /// <summary>A module's name is in the text of modules.dep or modules.builtin, which list paths.</summary>
    public static bool ListsModule(string? modules, string name) =>
        modules?.Split('\n').Any(line => Path.GetFileName(line.Split(':')[0].Trim()).StartsWith($"{name}.ko", StringComparison.Ordinal)) == true;

    /// <summary>Bytes in the unit that suits them.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 40 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 40):0.#} TB"),
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.#} GB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MB"),
    };

    /// <summary>Whether systemd is the service manager of this host, as sd_booted(3) tells it.</summary>
    public static bool HasSystemd => Directory.Exists("/run/systemd/system");
}
