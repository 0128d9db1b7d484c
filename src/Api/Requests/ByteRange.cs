using System.Globalization;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>What a <c>Range</c> header asks for of a file: RFC 9110, section 14. One range of bytes is served; anything else is the whole file.</summary>
/// <param name="Status">200, 206, or 416: the range begins behind the end.</param>
/// <param name="Part">The bytes to send.</param>
internal readonly record struct ByteRange(int Status, FilePart Part)
{
    private const string Unit = "bytes=";

    /// <summary>Decides.</summary>
    /// <param name="range">The header; null when it is not there.</param>
    /// <param name="condition">The header <c>If-Range</c>; null when it is not there.</param>
    /// <param name="tag">The file's ETag: another one in the condition means that the part wanted is of another version.</param>
    /// <param name="size">The file's size.</param>
    public static ByteRange Of(string? range, string? condition, string tag, long size)
    {
        ByteRange whole = new(200, new FilePart(0, size));
        if (range is null || (condition is not null && condition != tag) || !range.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return whole;
        }

        string[] ends = range[Unit.Length..].Trim().Split('-');
        if (ends.Length != 2 || !TryNumber(ends[0], out long? first) || !TryNumber(ends[1], out long? last))
        {
            return whole;
        }

        return (first, last) switch
        {
            (null, null) => whole,
            (null, 0) => new ByteRange(416, default),
            (null, long suffix) => size == 0 ? new ByteRange(416, default) : Some(Math.Max(0, size - suffix), size),
            (long from, long to) when to < from => whole,
            (long from, _) when from >= size => new ByteRange(416, default),
            (long from, null) => Some(from, size),
            (long from, long to) => Some(from, to >= size ? size : to + 1),
        };
    }

    private static ByteRange Some(long from, long end) => new(206, new FilePart(from, end - from));

    // A number beyond all files is as good as the largest one.
    private static bool TryNumber(string text, out long? number)
    {
        number = null;
        if (text.Length == 0)
        {
            return true;
        }

        if (!text.All(char.IsAsciiDigit))
        {
            return false;
        }

        number = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long exact) ? exact : long.MaxValue;
        return true;
    }
}
