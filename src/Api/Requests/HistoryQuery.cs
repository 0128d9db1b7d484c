using System.Globalization;

namespace Sleigh.Api.Requests;

/// <summary>Query of lists of execs.</summary>
internal static class HistoryQuery
{
    private const int DefaultLimit = 20;
    private const int MostLimit = 200;

    /// <summary>The page size: 20 where the text is no number above 0, at most 200.</summary>
    public static int Limit(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit > 0 ? Math.Min(limit, MostLimit)
        : IsLargeNumber(text) ? MostLimit
        : DefaultLimit;

    private static bool IsLargeNumber(string? text) => text is { Length: > 9 } && text.All(char.IsAsciiDigit) && text.AsSpan().TrimStart('0').Length > 9;
}
