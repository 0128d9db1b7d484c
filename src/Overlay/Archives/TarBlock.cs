using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The 512-byte header of tar: POSIX.1-1988 ustar, and what GNU tar and pax put there.</summary>
internal static class TarBlock
{
    public const int Size = 512;

    /// <summary>The largest number of a field of 11 octal digits: sizes and times.</summary>
    public const long LargestLong = 0x1_FFFF_FFFF;

    /// <summary>The largest number of a field of 7 octal digits: modes and owners.</summary>
    public const long LargestShort = 0x1F_FFFF;

    public const int NameLength = 100;

    private const int ChecksumAt = 148;

    /// <summary>Fields by their place and length.</summary>
    public static readonly Range Name = 0..100, Mode = 100..108, UserId = 108..116, GroupId = 116..124, Length = 124..136, Time = 136..148,
        Target = 157..257, Magic = 257..263, Prefix = 345..500;

    public const int TypeAt = 156;

    /// <summary>How much of the last block the data leaves empty.</summary>
    public static int Padding(long size) => (int)(-size & (Size - 1));

    /// <summary>Writes a header. Names too long and numbers too large are cut: the pax header before it holds them whole.</summary>
    public static void Write(Span<byte> block, byte type, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in TarNumbers numbers)
    {
        block.Clear();
        name[..Math.Min(name.Length, NameLength)].CopyTo(block[Name]);
        target[..Math.Min(target.Length, NameLength)].CopyTo(block[Target]);
        Octal(block[Mode], numbers.Mode);
        Octal(block[UserId], numbers.UserId > LargestShort ? 0 : numbers.UserId);
        Octal(block[GroupId], numbers.GroupId > LargestShort ? 0 : numbers.GroupId);
        Octal(block[Length], numbers.Size > LargestLong ? 0 : numbers.Size);
        Octal(block[Time], Math.Clamp(numbers.Modified, 0, LargestLong));
        block[TypeAt] = type;
        "ustar\000"u8.CopyTo(block[257..]);
        "00"u8.CopyTo(block[263..]);
        (uint major, uint minor) = Files.DeviceParts(numbers.Device);
        Octal(block[329..337], major);
        Octal(block[337..345], minor);

        // Six digits, NUL, blank: so it has been since 1979.
        Octal(block[ChecksumAt..(ChecksumAt + 7)], Checksum(block, signed: false));
        block[ChecksumAt + 7] = (byte)' ';
    }

    /// <summary>Whether the sum in the header is that of its bytes; old tars summed signed ones.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> block) =>
        TryNumber(block[ChecksumAt..(ChecksumAt + 8)], out long sum) && (sum == Checksum(block, signed: false) || sum == Checksum(block, signed: true));

    /// <summary>Reads octal digits between blanks and NULs, or GNU's big-endian binary, whose first byte has its top bit set.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> field, out long number)
    {
        if ((field[0] & 0x80) != 0)
        {
            return TryBinary(field, out number);
        }

        number = 0;
        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return false;
            }

            number = (number << 3) | (uint)(digit - '0');
        }

        return true;
    }

    /// <summary>A field up to its NUL.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    private static bool TryBinary(ReadOnlySpan<byte> field, out long number)
    {
        // 0x80 begins a positive number, 0xff a negative one; the rest must fit 64 bits.
        bool negative = field[0] == 0xff;
        ReadOnlySpan<byte> digits = field[1..];
        ReadOnlySpan<byte> high = digits.Length > 8 ? digits[..^8] : default;
        number = negative ? -1 : 0;
        foreach (byte digit in digits[high.Length..])
        {
            number = (number << 8) | digit;
        }

        return field[0] is 0x80 or 0xff && high.IndexOfAnyExcept(negative ? (byte)0xff : (byte)0) < 0 && negative == number < 0;
    }

    private static int Checksum(ReadOnlySpan<byte> block, bool signed)
    {
        int sum = 8 * ' ';
        for (int i = 0; i < Size; i++)
        {
            sum += i is >= ChecksumAt and < ChecksumAt + 8 ? 0 : signed ? (sbyte)block[i] : block[i];
        }

        return sum;
    }

    // All digits of the field but its closing NUL.
    private static void Octal(Span<byte> field, long value)
    {
        field[^1] = 0;
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }
}

/// <summary>The numbers of a header.</summary>
/// <param name="Mode">Permission bits.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
/// <param name="Size">Bytes of data.</param>
/// <param name="Modified">Seconds since 1970.</param>
internal readonly record struct TarNumbers(int Mode, long UserId, long GroupId, long Size, long Modified)
{
    /// <summary>For a device: which.</summary>
    public ulong Device { get; init; }
}
