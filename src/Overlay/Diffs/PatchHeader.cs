using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The lines before the hunks of one file, with git's own ones (git-diff(1), "generating patch text"): GNU patch 2.7 and later reads them too.</summary>
internal static class PatchHeader
{
    /// <summary>The header of a regular file that differs.</summary>
    /// <param name="item">What differs.</param>
    /// <param name="hasHunks">Whether hunks follow.</param>
    public static string Of(TreeDifference item, bool hasHunks)
    {
        KernelPath was = item.From ?? item.Path;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"diff --git {Quote("a", was)} {Quote("b", item.Path)}\n");
        if (item.Before is not FileStatus before)
        {
            text.Append(CultureInfo.InvariantCulture, $"new file mode {Mode(item.After!.Value)}\n");
        }
        else if (item.After is not FileStatus after)
        {
            text.Append(CultureInfo.InvariantCulture, $"deleted file mode {Mode(before)}\n");
        }
        else if (Mode(before) != Mode(after))
        {
            text.Append(CultureInfo.InvariantCulture, $"old mode {Mode(before)}\nnew mode {Mode(after)}\n");
        }

        if (item.From is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"rename from {Quote("", was)}\nrename to {Quote("", item.Path)}\n");
        }

        if (hasHunks)
        {
            text.Append(CultureInfo.InvariantCulture, $"--- {(item.Before is null ? "/dev/null" : Quote("a", was))}\n");
            text.Append(CultureInfo.InvariantCulture, $"+++ {(item.After is null ? "/dev/null" : Quote("b", item.Path))}\n");
        }

        return text.ToString();
    }

    /// <summary>Whether git's two modes of a file tell the two sides apart.</summary>
    public static bool ChangesMode(TreeDifference item) =>
        item.Before is not FileStatus before || item.After is not FileStatus after || Mode(before) != Mode(after);

    private static string Mode(FileStatus status) => (status.Mode & 0x40) != 0 ? "100755" : "100644";

    // GNU patch takes a name with spaces in these lines only in quotes.
    private static string Quote(string side, KernelPath path)
    {
        ReadOnlySpan<byte> bytes = side.Length == 0 ? path.Bytes[1..] : path.Bytes;
        bool isText = Utf8.IsValid(bytes);
        if (isText && bytes.IndexOfAny((byte)'"', (byte)'\\', (byte)0x7F) < 0 && bytes.IndexOfAnyInRange((byte)0, (byte)' ') < 0)
        {
            return side + Encoding.UTF8.GetString(bytes);
        }

        StringBuilder text = new("\"" + side);
        foreach (byte b in bytes)
        {
            text.Append(b switch
            {
                (byte)'"' => "\\\"",
                (byte)'\\' => "\\\\",
                (byte)'\n' => "\\n",
                (byte)'\t' => "\\t",
                >= 0x20 and < 0x7F => ((char)b).ToString(),
                _ => "\\" + Convert.ToString(b, 8).PadLeft(3, '0'),
            });
        }

        return text.Append('"').ToString();
    }
}
