namespace Sleigh.Cli.Quickstart;

/// <summary>A check of the quickstart did not hold.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

/// <summary>Checks that say what was expected and what was seen.</summary>
internal static class Check
{
    /// <summary>The two must be equal.</summary>
    public static void Equal<T>(string what, T expected, T seen)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, seen))
        {
            throw new CheckFailedException($"{what}: expected {Show(expected)}, saw {Show(seen)}");
        }
    }

    /// <summary>The condition must hold.</summary>
    public static void That(bool condition, string what, string expected, object? seen)
    {
        if (!condition)
        {
            throw new CheckFailedException($"{what}: expected {expected}, saw {Show(seen)}");
        }
    }

    private static string Show(object? value)
    {
        string text = value?.ToString() ?? "nothing";
        return value is string ? $"'{(text.Length <= 400 ? text : "..." + text[^400..])}'" : text;
    }
}
