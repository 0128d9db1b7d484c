using System.Globalization;
using System.Text.RegularExpressions;

namespace Sleigh.Runtime.Auditing;

/// <summary>
/// The names of an audit log's files: the one that is written to, and beside it those put aside, whose names end in the time at which
/// that was done, so that their order is the order of their names.
/// </summary>
internal static partial class AuditFiles
{
    private const string Stamp = "yyyyMMdd'T'HHmmss.fff'Z'";
    private const int NameLength = 20;

    /// <summary>Files put aside, oldest first; none where the directory is missing or cannot be read.</summary>
    public static IReadOnlyList<string> PutAside(string path)
    {
        string folder = Path.GetDirectoryName(path) ?? "/";
        try
        {
            return
            [
                .. Directory.EnumerateFiles(folder, Path.GetFileName(path) + ".*")
                    .Where(f => Ending().IsMatch(f[(Math.Min(path.Length, f.Length))..]))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// Puts the file aside under a name behind all others, also where the clock was set back; one rename, so that there is no moment in which a line could
    /// be lost.
    /// </summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public static void PutAside(string path, DateTimeOffset now)
    {
        if (PutAside(path) is [.., var newest] && TimeOf(newest) is DateTimeOffset last && now.AddMilliseconds(-1) < last && last < DateTimeOffset.MaxValue.AddMilliseconds(-1))
        {
            now = last.AddMilliseconds(1);
        }

        File.Move(path, Name(path, now), overwrite: false);
    }

    /// <summary>Removes the oldest beyond a count. One that cannot be removed stays for the next time.</summary>
    public static void Prune(string path, int kept)
    {
        IReadOnlyList<string> all = PutAside(path);
        foreach (string file in all.Take(Math.Max(0, all.Count - kept)))
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    private static DateTimeOffset? TimeOf(string file) => DateTimeOffset.TryParseExact(
        file[^NameLength..], Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static string Name(string path, DateTimeOffset now) =>
        $"{path}.{now.UtcDateTime.ToString(Stamp, CultureInfo.InvariantCulture)}";

    [GeneratedRegex(@"\A\.\d{8}T\d{6}\.\d{3}Z\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ending();
}
