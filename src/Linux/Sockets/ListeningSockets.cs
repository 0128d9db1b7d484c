using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// The TCP sockets that listen in a network namespace, read from <c>/proc/PID/net/tcp</c> and <c>tcp6</c> (proc_pid_net(5)). Nothing is
/// connected to for it.
/// </summary>
public static class ListeningSockets
{
    /// <summary>The most sockets of one table that are looked at: a tenant may listen with as many as it may open.</summary>
    public const int Most = 4096;

    private const string Listen = "0A";

    /// <summary>Addresses and ports that are listened on in the namespace of a process; none when the process is gone.</summary>
    /// <exception cref="FormatException">The kernel's table is not what it should be.</exception>
    public static IReadOnlyList<IPEndPoint> Of(int processId)
    {
        List<IPEndPoint> found = [];
        foreach (string name in (ReadOnlySpan<string>)["tcp", "tcp6"])
        {
            try
            {
                using StreamReader table = new(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/net/{name}"));
                found.AddRange(Parse(table));
            }
            catch (IOException)
            {
                // The process is gone, or the kernel has no IPv6.
            }
        }

        return found;
    }

    /// <summary>
    /// Reads one table. The kernel writes all listening sockets before any other (tcp_seq_start, net/ipv4/tcp_ipv4.c, Linux 2.6 to 6.12), so
    /// reading ends at the first of another state, however many connections a tenant holds, and after <see cref="Most"/>.
    /// </summary>
    /// <exception cref="FormatException">A line has another form; the text quotes it.</exception>
    public static IEnumerable<IPEndPoint> Parse(TextReader table)
    {
        ArgumentNullException.ThrowIfNull(table);
        _ = table.ReadLine();
        for (int count = 0; count < Most && table.ReadLine() is string line; count++)
        {
            string[] words = line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 4)
            {
                throw new FormatException($"no line of /proc/net/tcp: '{line}'");
            }

            if (words[3] != Listen)
            {
                yield break;
            }

            yield return ParseAddress(words[1]) ?? throw new FormatException($"no address in a line of /proc/net/tcp: '{line}'");
        }
    }

    /// <summary>Whether a connection to 127.0.0.1 or ::1 reaches what listens on this address.</summary>
    public static bool ReachesLoopback(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.Loopback) || plain.Equals(IPAddress.IPv6Any) || plain.Equals(IPAddress.IPv6Loopback);
    }

    // Each group of 8 hex digits is a 32-bit word in the machine's own byte order; x64 and arm64 are little-endian.
    private static IPEndPoint? ParseAddress(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is not (8 or 32) || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort port))
        {
            return null;
        }

        Span<byte> address = stackalloc byte[colon / 2];
        for (int i = 0; i < colon; i += 8)
        {
            if (!uint.TryParse(text.AsSpan(i, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint word))
            {
                return null;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(address[(i / 2)..], word);
        }

        return new IPEndPoint(new IPAddress(address), port);
    }
}
