using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The records of a pax header: <c>length key=value\n</c>, the length counting itself. POSIX.1-2001, pax(1).</summary>
internal sealed class PaxRecords
{
    /// <summary>No header of ours or of a sane archive comes near this.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Seconds before or after 1970: 34,000 years. File systems know fewer, and cut by themselves.</summary>
    public const long LargestTime = 1L << 40;

    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    /// <summary>Null for text that is not made of such records.</summary>
    public static PaxRecords? Parse(ReadOnlySpan<byte> text)
    {
        var records = new PaxRecords();
        while (!text.IsEmpty)
        {
            if (!Utf8Parser.TryParse(text, out int length, out int digits) || length <= digits + 2 || length > text.Length
                || text[digits] != ' ' || text[length - 1] != '\n')
            {
                return null;
            }

            ReadOnlySpan<byte> record = text[(digits + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals < 1)
            {
                return null;
            }

            records._values[Encoding.UTF8.GetString(record[..equals])] = record[(equals + 1)..].ToArray();
            text = text[length..];
        }

        return records;
    }

    /// <summary>Takes over what a later header says.</summary>
    public void Add(PaxRecords later)
    {
        foreach ((string key, byte[] value) in later._values)
        {
            _values[key] = value;
        }
    }

    /// <summary>A value; null where it is missing, or empty, which means "as if it were missing".</summary>
    public byte[]? Find(string key) => _values.GetValueOrDefault(key) is { Length: > 0 } value ? value : null;

    /// <summary>Whether a key begins so.</summary>
    public bool HasKey(string beginning) => _values.Keys.Any(key => key.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>Reads a count; false for what is no number of 0 to 2^63 - 1.</summary>
    public static bool TryCount(byte[] text, out long number) =>
        Utf8Parser.TryParse(text, out number, out int used) && used == text.Length && number >= 0 && text[0] != '+';

    /// <summary>Reads seconds with a fraction, such as <c>-1.25</c>; digits beyond nanoseconds are dropped.</summary>
    public static bool TryTime(byte[] text, out FileTime time)
    {
        time = default;
        string[] parts = Encoding.UTF8.GetString(text).Split('.');
        bool negative = parts[0].StartsWith('-');
        string fraction = parts.Length == 2 ? parts[1] : "";
        if (parts.Length > 2 || !fraction.All(char.IsAsciiDigit)
            || !long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds)
            || seconds is < -LargestTime or > LargestTime)
        {
            return false;
        }

        uint nanoseconds = uint.Parse(fraction.PadRight(9, '0')[..9], CultureInfo.InvariantCulture);
        time = negative && nanoseconds > 0 ? new FileTime(seconds - 1, 1_000_000_000 - nanoseconds) : new FileTime(seconds, nanoseconds);
        return true;
    }

    /// <summary>What a header block cannot hold of a member; empty when it holds all.</summary>
    public static byte[] For(TarMember member)
    {
        using var text = new MemoryStream();
        ReadOnlySpan<byte> path = member.Name.Bytes;
        ReadOnlySpan<byte> target = member.Target.Bytes;
        if (!Utf8.IsValid(path) || !Utf8.IsValid(target))
        {
            Add(text, "hdrcharset", "BINARY"u8);
        }

        AddName(text, "path", path);
        AddName(text, "linkpath", target);
        AddNumber(text, "uid", member.UserId, TarBlock.LargestShort);
        AddNumber(text, "gid", member.GroupId, TarBlock.LargestShort);
        AddNumber(text, "size", member.Size, TarBlock.LargestLong);
        if (member.Modified.Nanoseconds != 0 || member.Modified.Seconds is < 0 or > TarBlock.LargestLong)
        {
            Add(text, "mtime", Encoding.UTF8.GetBytes(Write(member.Modified)));
        }

        // star's form, which GNU tar, libarchive and Go read: the value as it is.
        foreach ((string name, byte[] value) in member.Attributes)
        {
            Add(text, "SCHILY.xattr." + name, value);
        }

        return text.ToArray();
    }

    private static void AddName(MemoryStream text, string key, ReadOnlySpan<byte> name)
    {
        if (name.Length > TarBlock.NameLength || !Ascii.IsValid(name))
        {
            Add(text, key, name);
        }
    }

    private static void AddNumber(MemoryStream text, string key, long number, long largest)
    {
        if (number > largest)
        {
            Add(text, key, Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        }
    }

    // A moment before 1970 with a fraction: -1.25 is second -2 and 750,000,000 ns.
    private static string Write(FileTime time)
    {
        (long seconds, long nanoseconds) = time is { Seconds: < 0, Nanoseconds: > 0 }
            ? (-(time.Seconds + 1), 1_000_000_000L - time.Nanoseconds)
            : (Math.Abs(time.Seconds), time.Nanoseconds);
        string whole = (time.Seconds < 0 ? "-" : "") + seconds.ToString(CultureInfo.InvariantCulture);
        return nanoseconds == 0 ? whole : whole + "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
    }

    private static void Add(MemoryStream text, string key, ReadOnlySpan<byte> value)
    {
        int rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3; // blank, '=', line feed
        int length = rest + Digits(rest + Digits(rest));
        text.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {key}=")));
        text.Write(value);
        text.WriteByte((byte)'\n');
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}
