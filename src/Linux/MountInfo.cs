using System.Globalization;
using System.Text;

namespace Sleigh.Linux;

/// <summary>One line of <c>/proc/PID/mountinfo</c>: proc_pid_mountinfo(5).</summary>
/// <param name="Id">The mount's number, the one of statx.</param>
/// <param name="ParentId">The mount it lies on.</param>
/// <param name="Device">The filesystem's device, <c>major:minor</c>.</param>
/// <param name="Root">Which directory of the filesystem is seen.</param>
/// <param name="MountPoint">Where, as seen from the reading process's root.</param>
/// <param name="Options">Options of this mount.</param>
/// <param name="SharedGroup">Its peer group if it is shared.</param>
/// <param name="MasterGroup">The peer group it receives from if it is a slave.</param>
/// <param name="Type">The filesystem's type.</param>
/// <param name="Source">What was mounted, such as a device.</param>
/// <param name="SuperOptions">Options of the filesystem.</param>
public sealed record MountEntry(
    ulong Id,
    ulong ParentId,
    string Device,
    string Root,
    string MountPoint,
    string Options,
    int? SharedGroup,
    int? MasterGroup,
    string Type,
    string Source,
    string SuperOptions);

/// <summary>Reads mountinfo.</summary>
public static class MountInfo
{
    /// <summary>Parses the text, one mount per line, in the order of mounting.</summary>
    /// <exception cref="FormatException">A line lacks a field; the text quotes it.</exception>
    public static IReadOnlyList<MountEntry> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ParseLine)];
    }

    /// <summary>The mounts that a process sees; null for the calling one.</summary>
    /// <exception cref="IOException">The process is gone.</exception>
    public static IReadOnlyList<MountEntry> Read(int? processId = null) =>
        Parse(File.ReadAllText(processId is int pid ? $"/proc/{pid}/mountinfo" : "/proc/self/mountinfo"));

    private static MountEntry ParseLine(string line)
    {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        // Between the sixth field and the lone dash stands any number of optional fields.
        string[] fields = line.Split(' ');
        int dash = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
        if (dash < 0 || fields.Length < dash + 4
            || !ulong.TryParse(fields[0], CultureInfo.InvariantCulture, out ulong id)
            || !ulong.TryParse(fields[1], CultureInfo.InvariantCulture, out ulong parent))
        {
            throw new FormatException($"not a mountinfo line: '{line}'");
        }

        IEnumerable<string> optional = fields.Take(dash).Skip(6);
        return new MountEntry(
            id,
            parent,
            fields[2],
            Unescape(fields[3]),
            Unescape(fields[4]),
            fields[5],
            Group(optional, "shared:", line),
            Group(optional, "master:", line),
            fields[dash + 1],
            Unescape(fields[dash + 2]),
            fields[dash + 3]);
    }

    private static int? Group(IEnumerable<string> optional, string prefix, string line)
    {
        string? field = optional.FirstOrDefault(f => f.StartsWith(prefix, StringComparison.Ordinal));
        if (field is null)
        {
            return null;
        }

        return int.TryParse(field.AsSpan(prefix.Length), CultureInfo.InvariantCulture, out int group)
            ? group
            : throw new FormatException($"no peer group in '{field}' of mountinfo line '{line}'");
    }

    /// <summary>Space, tab, newline and backslash are written as three octal digits.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var plain = new StringBuilder(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length
                && field.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(field[i]);
            }
        }

        return plain.ToString();
    }
}
