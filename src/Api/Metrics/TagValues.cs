using System.Globalization;

namespace Sleigh.Api.Metrics;

/// <summary>The values of a measurement's tags, as the key of its series. The names are the same for all measurements of an instrument.</summary>
internal readonly record struct TagValues(string? First, string? Second, string? Third)
{
    /// <summary>The most that an instrument of ours has.</summary>
    private const int Most = 3;

    /// <summary>Reads them without allocating where they are texts.</summary>
    /// <exception cref="ArgumentException">There are more than three.</exception>
    public static TagValues Of(ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags.Length <= Most
        ? new TagValues(Text(tags, 0), Text(tags, 1), Text(tags, 2))
        : throw new ArgumentException($"an instrument of ours has at most {Most} tags, not {tags.Length}", nameof(tags));

    private static string? Text(ReadOnlySpan<KeyValuePair<string, object?>> tags, int index) =>
        index >= tags.Length ? null : tags[index].Value as string ?? Convert.ToString(tags[index].Value, CultureInfo.InvariantCulture) ?? "";
}
