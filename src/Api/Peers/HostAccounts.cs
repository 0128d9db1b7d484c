using System.Globalization;

namespace Sleigh.Api.Peers;

/// <summary>Reads user and group numbers from the host's own text files.</summary>
internal static class HostAccounts
{
    /// <summary>The group's number in the text of group(5); null when it is not there. A line that is cut off is skipped.</summary>
    public static uint? FindGid(string text, string group)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] parts = line.Split(':');
            if (parts.Length >= 3 && parts[0] == group
                && uint.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid))
            {
                return gid;
            }
        }

        return null;
    }

    /// <summary>The second number of the Uid line of <c>/proc/PID/status</c> (real, effective, saved, file system).</summary>
    public static uint EffectiveUid(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] parts = line.Split('\t', StringSplitOptions.RemoveEmptyEntries);
            if (parts is ["Uid:", _, var effective, ..]
                && uint.TryParse(effective, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid))
            {
                return uid;
            }
        }

        throw new FormatException($"no Uid line in '{text}'");
    }
}
