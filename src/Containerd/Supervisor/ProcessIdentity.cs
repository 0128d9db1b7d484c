using System.Globalization;

namespace Sleigh.Containerd;

/// <summary>A process that cannot be taken for a later one of the same number.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTime">Clock ticks from boot to its start (field 22 of /proc/PID/stat, proc_pid_stat(5)).</param>
internal readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    /// <summary>The living process of that number, or null. One that has ended but was not reaped does not live.</summary>
    public static ProcessIdentity? Find(int pid)
    {
        try
        {
            return ParseStat(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public bool IsAlive() => Find(Pid) == this;

    /// <summary>What /proc/PID/exe points to; "" where it cannot be read. A program replaced on disk still has its old path.</summary>
    public string Executable()
    {
        try
        {
            string target = File.ResolveLinkTarget($"/proc/{Pid}/exe", returnFinalTarget: false)?.FullName ?? "";
            const string Replaced = " (deleted)";
            return target.EndsWith(Replaced, StringComparison.Ordinal) ? target[..^Replaced.Length] : target;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Reads /proc/PID/stat; null for a process that has ended.</summary>
    /// <exception cref="FormatException">The text is no such line.</exception>
    public static ProcessIdentity? ParseStat(string text)
    {
        // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
        int open = text.IndexOf(" (", StringComparison.Ordinal);
        int close = text.LastIndexOf(") ", StringComparison.Ordinal);
        string[] rest = close > open && open > 0 ? text[(close + 2)..].Split(' ') : [];
        if (rest.Length < 20
            || !int.TryParse(text[..open], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            || !long.TryParse(rest[19], NumberStyles.None, CultureInfo.InvariantCulture, out long startTime))
        {
            throw new FormatException($"not a line of /proc/PID/stat: '{text}'");
        }

        return rest[0] is "Z" or "X" ? null : new ProcessIdentity(pid, startTime);
    }

    /// <summary>Reads the text of a pid file; null where it is not one of ours.</summary>
    public static ProcessIdentity? ParsePidFile(string text)
    {
        string[] fields = text.Split(' ', '\n');
        return fields.Length >= 2
            && int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long startTime)
            ? new ProcessIdentity(pid, startTime)
            : null;
    }

    public string ToPidFile() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTime}\n");
}
