using System.Globalization;

namespace Sleigh.Cgroups;

/// <summary>The value of a limit file: a number, or <c>max</c> for no limit.</summary>
public static class LimitValue
{
    /// <summary>Reads a limit; null: <c>max</c>.</summary>
    /// <exception cref="FormatException">Neither a number nor <c>max</c>.</exception>
    public static long? Parse(string text)
    {
        ReadOnlySpan<char> value = text.AsSpan().Trim();
        if (value is "max")
        {
            return null;
        }

        return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new FormatException($"'{text}' is neither a number nor 'max'");
    }

    /// <summary>Writes a limit; null becomes <c>max</c>.</summary>
    public static string Format(long? limit) => limit?.ToString(CultureInfo.InvariantCulture) ?? "max";
}
