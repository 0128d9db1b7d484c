using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace Sleigh.Runtime.Checks;

/// <summary>Whether the address of the API is free, or held by the daemon itself.</summary>
internal static class ListenCheck
{
    public static IEnumerable<HostCheck> List(IPEndPoint listen, bool serves) =>
    [
        new("listen", () => Judge(listen, Holder(listen), serves)),
    ];

    /// <param name="listen">The address wanted.</param>
    /// <param name="holder">Number and name of the process that listens there; number 0: it cannot be told; null: nobody does.</param>
    /// <param name="serves">This process is the daemon.</param>
    internal static Finding Judge(IPEndPoint listen, (int Pid, string Name)? holder, bool serves) => (holder, serves) switch
    {
        _ when listen.Port == 0 => Finding.Ok("any free port"),
        ({ } own, _) when own.Pid == Environment.ProcessId || own.Name == "sleighd" => Finding.Ok($"sleighd serves on {listen}"),
        ({ } other, _) => Finding.Fail(
            other.Pid == 0 ? $"{listen} is held by another program" : $"{listen} is held by {other.Name} (pid {other.Pid})",
            "stop that one, or set http.listen to another port"),
        (null, true) => Finding.Warn($"nobody listens on {listen}", "systemctl restart sleigh; sandboxes go on"),
        _ => Finding.Ok($"{listen} is free"),
    };

    /// <summary>The inode of a listening socket that keeps others off an address; null when there is none.</summary>
    /// <param name="table">The text of /proc/net/tcp or /proc/net/tcp6.</param>
    /// <param name="wanted">The address.</param>
    internal static string? InodeOf(string table, IPEndPoint wanted)
    {
        foreach (string line in table.Split('\n').Skip(1))
        {
            //   0: 0100007F:278A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 ...
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == "0A" && Address(fields[1]) is { } held && held.Port == wanted.Port && Collide(held.Address, wanted.Address))
            {
                return fields[9];
            }
        }

        return null;
    }

    private static bool Collide(IPAddress a, IPAddress b) => a.Equals(b) || IsAny(a) || IsAny(b);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    // Each group of eight figures is a 32-bit word of the address in the machine's own order.
    private static IPEndPoint? Address(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length != 2 || parts[0].Length is not (8 or 32)
            || !ushort.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort port))
        {
            return null;
        }

        uint[] words = [.. parts[0].Chunk(8).Select(word => uint.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
        IPAddress address = new(MemoryMarshal.AsBytes(words.AsSpan()));
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
    }

    private static (int Pid, string Name)? Holder(IPEndPoint listen)
    {
        string? inode = InodeOf(HostText.Of("/proc/net/tcp") ?? "", listen) ?? InodeOf(HostText.Of("/proc/net/tcp6") ?? "", listen);
        if (inode is null)
        {
            return null;
        }

        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && Holds(process, $"socket:[{inode}]"))
            {
                return (pid, HostText.Of(Path.Combine(process, "comm")) ?? "");
            }
        }

        return (0, "");
    }

    private static bool Holds(string process, string link)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(fd => new FileInfo(fd).LinkTarget == link);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
            return false;
        }
    }
}
