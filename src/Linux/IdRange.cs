using System.Globalization;

namespace Sleigh.Linux;

/// <summary>One line of a user namespace's mapping (user_namespaces(7)): users and groups alike.</summary>
/// <param name="Inside">The first id in the namespace.</param>
/// <param name="Outside">The first id outside of it.</param>
/// <param name="Count">How many follow one another, at least 1.</param>
public readonly record struct IdRange(uint Inside, uint Outside, uint Count)
{
    /// <summary>Reads the text of <c>/proc/PID/uid_map</c>, as seen from the initial namespace. What is no line of it is left out.</summary>
    public static IReadOnlyList<IdRange> Parse(string text)
    {
        List<IdRange> ranges = [];
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var inside, var outside, var count]
                && Number(inside) is uint first && Number(outside) is uint host && Number(count) is uint length)
            {
                ranges.Add(new IdRange(first, host, length));
            }
        }

        return ranges;
    }

    /// <summary>As the kernel takes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Inside} {Outside} {Count}");

    private static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;
}
